import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../domain/errors.js';

type Done = (error: Error | null, body?: Buffer) => void;

/**
 * Returns the error for a body that exceeds the limit. The rest of the body is not read, so the connection cannot be
 * reused.
 */
export function bodyTooLarge(limit: number): GatewayError {
  return new GatewayError('PAYLOAD_TOO_LARGE', `The body is larger than ${limit} bytes.`, {
    headers: { connection: 'close' },
  });
}

/** Limits of one body. */
export interface BodyLimits {
  /** Maximum length, in bytes. */
  readonly bytes: number;
  /** Reserves memory for bytes that have arrived. Returns the error when there is none left. */
  readonly take: (bytes: number) => GatewayError | undefined;
}

/** Buffers a body within its limits. It is parsed after the guards, so that only authorized callers learn about errors in it. */
export function readBody(payload: IncomingMessage, limits: BodyLimits, done: Done): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const onData = (chunk: Buffer) => {
    length += chunk.length;
    const refused = length > limits.bytes ? bodyTooLarge(limits.bytes) : limits.take(chunk.length);
    if (refused === undefined) chunks.push(chunk);
    else settle(refused);
  };
  const onEnd = () => settle(null);
  const settle = (error: Error | null) => {
    payload.off('data', onData).off('end', onEnd).off('error', settle);
    if (error === null) return done(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length));
    payload.resume();
    done(error);
  };
  payload.on('data', onData).on('end', onEnd).on('error', settle);
}
