import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** A body that is sent piece by piece. */
export interface AdminStream {
  readonly chunks: AsyncIterable<Uint8Array | string>;
  /**
   * Maximum length. The connection is closed when the body is longer, so that the caller sees an incomplete transfer.
   */
  readonly maxBytes: number;
}

/** Response to a call of the admin listener. */
export interface AdminResponse {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | AdminStream;
}

/** Returns a response of indented JSON. */
export function json(body: object): AdminResponse {
  return { contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(body, undefined, 2)}\n` };
}

/** Returns a response of plain text. */
export function text(body: string): AdminResponse {
  return { contentType: 'text/plain; charset=utf-8', body };
}

/** Returns an HTML page. No script runs in it unless `headers` relax the common Content-Security-Policy. */
export function html(body: string, headers: Readonly<Record<string, string>> = {}): AdminResponse {
  return { contentType: 'text/html; charset=utf-8', headers, body };
}

/**
 * Returns a file to download.
 * @param filename under which browsers and `curl -OJ` save it.
 */
export function file(filename: string, body: Uint8Array | AdminStream): AdminResponse {
  return {
    contentType: 'application/octet-stream',
    headers: { 'content-disposition': `attachment; filename="${filename}"` },
    body,
  };
}

/** Returns a response of server-sent events (HTML Living Standard 9.2). */
export function events(body: AdminStream): AdminResponse {
  return { contentType: 'text/event-stream', body };
}

/** Encodes one server-sent event. Unindented JSON has no line breaks. */
export function encodeEvent(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Sends a response. A stream is sent as fast as the caller reads it; resolves when the last byte is handed over or
 * the caller has left.
 */
export async function writeResponse(
  response: ServerResponse,
  head: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  { contentType, headers, body }: AdminResponse,
): Promise<void> {
  const isWhole = typeof body === 'string' || body instanceof Uint8Array;
  response.writeHead(head.status, {
    ...head.headers,
    'content-type': contentType,
    ...headers,
    ...(isWhole ? { 'content-length': String(Buffer.byteLength(body)) } : {}),
  });
  if (isWhole) return void response.end(body);
  if (response.req.method === 'HEAD') return void response.end();
  await writeStream(response, body, head.signal);
}

/**
 * Writes a stream. Destroys the connection when the stream fails, so that an incomplete file does not look complete.
 */
async function writeStream(
  response: ServerResponse,
  { chunks, maxBytes }: AdminStream,
  signal: AbortSignal,
): Promise<void> {
  let left = maxBytes;
  try {
    for await (const chunk of chunks) {
      left -= Buffer.byteLength(chunk);
      if (left < 0) return void response.destroy();
      if (!response.write(chunk)) await once(response, 'drain', { signal });
      signal.throwIfAborted();
    }
    response.end();
  } catch {
    response.destroy();
  }
}
