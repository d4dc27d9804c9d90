import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { CompiledRoute } from '../contract/compiled-route.js';
import { variableValues } from '../contract/raw-path.js';
import { GatewayError } from '../domain/errors.js';

/** RFC 8259 allows only UTF-8; other charsets would be misread, so they are refused. */
const JSON_MEDIA_TYPE = /^application\/(?:[\w.+-]{1,64}\+)?json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

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

/** The parts of a request from which its message is read. */
type RequestSource = Pick<FastifyRequest, 'call' | 'headers' | 'rawPath' | 'rawQuery' | 'body'>;

/**
 * Returns the bytes of the request message. Runs after the guards, so that unauthorized callers learn nothing about
 * errors in their request.
 */
export function readRequest(request: RequestSource, rpc: CompiledRoute): Uint8Array {
  const { call, headers } = request;
  return rpc.requestCodec.encode({
    body: bodyOf(request, rpc.takesRawBody),
    contentType: headers['content-type'] ?? '',
    query: request.rawQuery,
    path: variableValues(rpc.route, request.rawPath),
    tenantId: call.tenantId,
    crossTenant: call.crossTenant,
    privileged: call.privileged,
  });
}

function bodyOf(request: RequestSource, takesAny: boolean): Uint8Array | undefined {
  const body = request.body as Buffer | undefined;
  if (body === undefined || body.length === 0) return undefined;
  if (!takesAny && !JSON_MEDIA_TYPE.test(request.headers['content-type'] ?? '')) {
    throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json in UTF-8.');
  }
  return body;
}
