import type { FastifyRequest } from 'fastify';
import type { CompiledRoute } from '../contract/compiled-route.js';
import { variableValues } from '../contract/raw-path.js';
import { GatewayError } from '../domain/errors.js';

/** RFC 8259 allows only UTF-8; other charsets would be misread, so they are refused. */
const JSON_MEDIA_TYPE = /^application\/(?:[\w.+-]{1,64}\+)?json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

/** The parts of a request from which its message is read. */
export type RequestSource = Pick<FastifyRequest, 'call' | 'headers' | 'rawPath' | 'rawQuery' | 'body'>;

/**
 * Returns the bytes of the request message. Runs after the guards, so that unauthorized callers learn nothing about
 * errors in their request.
 */
export function readRequest(request: RequestSource, rpc: CompiledRoute): Uint8Array {
  const { call, headers } = request;
  return rpc.requestCodec.encode({
    body: readBody(request, rpc.takesRawBody),
    contentType: headers['content-type'] ?? '',
    query: request.rawQuery,
    path: variableValues(rpc.route, request.rawPath),
    tenantId: call.tenantId,
    crossTenant: call.crossTenant,
    privileged: call.privileged,
  });
}

function readBody(request: RequestSource, takesAny: boolean): Uint8Array | undefined {
  const body = request.body as Buffer | undefined;
  if (body === undefined || body.length === 0) return undefined;
  if (!takesAny && !JSON_MEDIA_TYPE.test(request.headers['content-type'] ?? '')) {
    throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json in UTF-8.');
  }
  return body;
}
