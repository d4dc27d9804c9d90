import { fromBinary } from '@bufbuild/protobuf';
import type { CompiledRoute } from '../contract/compiled-route.js';
import { unreadableResponse } from '../contract/unreadable-response.js';
import type { CallContext } from '../domain/call-context.js';
import { type HttpBody, HttpBodySchema } from '../gen/google/api/httpbody_pb.js';
import type { KeptAnswer } from '../traffic/idempotency/idempotency-record.js';
import { allowedTenant } from './allowed-tenant.js';
import type { JsonValue } from './rpc-call.js';

/** Media type of every response that is made from a message. */
export const JSON_TYPE = 'application/json; charset=utf-8';
const EMPTY = Buffer.alloc(0);
/** Type and parameters (RFC 9110 8.3.1), or nothing; it becomes a header as it is. */
const MEDIA_TYPE = /^(?:[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}[\x20-\x7e]{0,256})?$/;

/** The body of a successful answer, redacted and checked for its tenant, and what it is. */
export function renderAnswer(rpc: CompiledRoute, call: CallContext, answer: Uint8Array | JsonValue): KeptAnswer {
  const status = rpc.route.method.policy.successStatus;
  if (status === 204) return { status, contentType: '', body: EMPTY };
  if (!(answer instanceof Uint8Array)) {
    return { status, contentType: JSON_TYPE, body: Buffer.from(JSON.stringify(answer)) };
  }
  if (rpc.rawBody) return renderRawBody(status, answer);
  return { status, contentType: JSON_TYPE, body: rpc.responseWriter.write(answer, allowedTenant(call)) };
}

function renderRawBody(status: number, answer: Uint8Array): KeptAnswer {
  const { contentType, data } = readHttpBody(answer);
  if (!MEDIA_TYPE.test(contentType))
    throw unreadableResponse(new Error('content_type of google.api.HttpBody is no media type'));
  return { status, contentType: contentType || 'application/octet-stream', body: Buffer.from(data) };
}

function readHttpBody(answer: Uint8Array): HttpBody {
  try {
    return fromBinary(HttpBodySchema, answer);
  } catch (error) {
    throw unreadableResponse(error);
  }
}
