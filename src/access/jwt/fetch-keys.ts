const MAX_BYTES = 262_144;

/** Reasons for which a fetch of keys fails; label of `gateway_jwks_refresh_failures_total`. */
export const KEY_FAILURES = ['timeout', 'network', 'http_status', 'invalid'] as const;

export type KeyFailure = (typeof KEY_FAILURES)[number];

/** A key set could not be fetched. */
export class KeyFetchError extends Error {
  override readonly name = 'KeyFetchError';

  constructor(
    readonly reason: KeyFailure,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** Response of an issuer. */
export interface FetchedKeys {
  readonly text: string;
  /** Date header, from which the clock skew is computed. */
  readonly date: string | null;
}

/** Fetches the text of a key set; an argument so that tests need no network. */
export type FetchKeys = (url: string, signal: AbortSignal) => Promise<FetchedKeys>;

/**
 * Fetches a key set, with bounded size and without redirects: the operator chose the URL, not the issuer. Throws
 * KeyFetchError.
 */
export async function fetchKeys(url: string, signal: AbortSignal): Promise<FetchedKeys> {
  try {
    const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
    if (!response.ok) {
      await response.body?.cancel();
      throw new KeyFetchError('http_status', `the key set answered ${response.status}`);
    }
    return { text: await readBounded(response), date: response.headers.get('date') };
  } catch (error) {
    if (error instanceof KeyFetchError) throw error;
    if (signal.aborted) throw new KeyFetchError('timeout', 'the key set did not come in time', error);
    throw new KeyFetchError('network', 'no connection to the key set', error);
  }
}

async function readBounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new KeyFetchError('invalid', `the key set is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
