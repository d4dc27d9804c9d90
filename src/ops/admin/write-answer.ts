import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AdminAnswer, AdminStream } from './admin-answer.js';

/**
 * Sends a response. A stream is sent as fast as the caller reads it; resolves when the last byte is handed over or
 * the caller has left.
 */
export async function writeAnswer(
  response: ServerResponse,
  head: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  { contentType, headers, body }: AdminAnswer,
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
