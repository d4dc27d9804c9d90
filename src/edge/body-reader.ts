import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../domain/errors.js';

type Done = (error: Error | null, body?: Buffer) => void;

/** The refusal of a body that is too long. What is left of it is not read, so the connection cannot go on. */
export function bodyTooLarge(limit: number): GatewayError {
  return new GatewayError('PAYLOAD_TOO_LARGE', `The body is larger than ${limit} bytes.`, {
    headers: { connection: 'close' },
  });
}

/** What a body is measured by. */
export interface BodyLimits {
  /** Of this one. */
  readonly bytes: number;
  /** Takes memory for bytes that have arrived. Returns the refusal when there is none. */
  readonly take: (bytes: number) => GatewayError | undefined;
}

/** Buffers a body within its limits: who may send one is asked before what is in it. */
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
