import { TimedOut, withDeadline } from '../domain/loop-timeout.js';

const MAX_BYTES = 64 * 1024 * 1024;

/** Thrown when a server cannot be reached or responds with an error. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';

  constructor(
    message: string,
    /** Undefined when it was not reached. */
    readonly status?: number,
  ) {
    super(message);
  }
}

export interface BoundedFetch {
  /** GET when left out. */
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Sends a request without a body, with a timeout and a response limit of 64 MiB. Does not follow redirects, so that credentials are not forwarded. Rejects with FetchFailure. */
export async function fetchBounded(url: string, { method = 'GET', headers = {}, timeoutMs }: BoundedFetch) {
  try {
    return await withDeadline(timeoutMs, async (signal) => {
      const response = await fetch(url, { method, headers, signal, redirect: 'error' });
      return { status: response.status, body: await readAll(response) };
    });
  } catch (error) {
    throw error instanceof FetchFailure ? error : new FetchFailure(`${originOf(url)}: ${reasonOf(error)}`);
  }
}

async function readAll(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size > MAX_BYTES) throw new FetchFailure(`it sent more than ${MAX_BYTES} bytes`);
  }
  return Buffer.concat(chunks);
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

function reasonOf(error: unknown): string {
  if (error instanceof TimedOut) return 'no answer in time';
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof TimedOut) return 'no answer in time';
  return cause instanceof Error ? cause.message : String(cause);
}
