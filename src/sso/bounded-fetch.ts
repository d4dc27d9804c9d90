import { withDeadline } from '../domain/loop-timeout.js';

const MAX_BYTES = 256 * 1024;
/** Maximum time of a response, in ms, not counting pauses of this process. */
const TIMEOUT_MS = 5_000;
/** Timeout of the client libraries, which counts such pauses and therefore must be longer. */
export const LIBRARY_TIMEOUT_SECONDS = 60;

/** Options that the client libraries pass; an absent member may be undefined. */
interface FetchOptions {
  readonly method?: string | undefined;
  readonly headers?: Record<string, string> | Headers | undefined;
  readonly body?: unknown;
  /** Signal of the library's own timeout. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches from an identity provider: within 5 s, without redirects, 256 KiB at most. Rejects if the response is larger.
 */
export function boundedFetch(url: string, options: FetchOptions): Promise<Response> {
  return withDeadline(TIMEOUT_MS, (deadline) => {
    const signals = options.signal == null ? [deadline] : [deadline, options.signal];
    return fetchWhole(url, { ...options, signal: AbortSignal.any(signals) });
  });
}

async function fetchWhole(url: string, options: FetchOptions): Promise<Response> {
  const { method = 'GET', headers: sent = {}, body: form, signal = null } = options;
  const content = form instanceof URLSearchParams || typeof form === 'string' ? { body: form } : {};
  const response = await fetch(url, { method, headers: sent, signal, redirect: 'manual', ...content });
  const { status, statusText, headers } = response;
  const body = await readBounded(response);
  return new Response(status === 204 || status === 304 ? null : body, { status, statusText, headers });
}

async function readBounded(response: Response): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).length;
    if (length > MAX_BYTES) throw new Error(`the identity provider sent more than ${MAX_BYTES} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}
