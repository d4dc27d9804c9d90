import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import type { CompiledRoute } from '../contract/compiled-route.js';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { StoredResponse } from '../traffic/idempotency/idempotency-record.js';
import type { RpcExchange } from './pipeline/rpc-exchange.js';
import type { JsonValue } from './rpc-call.js';

/** Media type of every response that is made from a message. */
export const JSON_TYPE = 'application/json; charset=utf-8';

const EMPTY = Buffer.alloc(0);

const NOTHING = { contentType: '', body: EMPTY };

/** Returns the body of a successful response, redacted and checked for its tenant, with its media type. */
export function renderResponse(
  rpc: CompiledRoute,
  call: CallContext,
  response: Uint8Array | JsonValue | undefined,
): StoredResponse {
  const status = rpc.route.method.policy.successStatus;
  if (status === 204) return { status, contentType: '', body: EMPTY };
  if (!(response instanceof Uint8Array)) {
    if (response === undefined) return { ...NOTHING, status };
    return { status, contentType: JSON_TYPE, body: toJson(response, 'an explicit method') };
  }
  if (rpc.httpBody !== undefined) {
    const { contentType, data } = rpc.httpBody.read(response);
    return { status, contentType, body: Buffer.from(data), ...tagHeader(rpc, response) };
  }
  const body = rpc.responseWriter.write(response, allowedTenant(call));
  return rpc.readEtag === undefined
    ? { status, contentType: JSON_TYPE, body }
    : { status, contentType: JSON_TYPE, body, ...tagHeader(rpc, response) };
}

/** Returns the entity tag that the backend set in a response. */
function tagHeader({ readEtag }: CompiledRoute, response: Uint8Array): Pick<StoredResponse, 'headers'> {
  const etag = readEtag?.(response);
  return etag === undefined ? {} : { headers: { etag } };
}

/**
 * Returns the response that the result of an interceptor stands for: another response, bytes, or any value, which is
 * sent as JSON, with the status and the media type that the interceptor has set. Returns undefined where there is
 * nothing to send, as after a stream. Throws INTERNAL for a value that cannot be sent.
 */
export function toResponse(
  value: unknown,
  { reply, rpc }: Pick<RpcExchange, 'reply' | 'rpc'>,
): StoredResponse | undefined {
  const { kind, policy } = rpc.route.method;
  if (value === undefined && kind === 'server_stream') return undefined;
  const { statusCode } = reply;
  if (isResponse(value)) return statusCode === policy.successStatus ? value : { ...value, status: statusCode };
  if (value === undefined || statusCode === 204) return { ...NOTHING, status: statusCode };
  const type = reply.getHeader('content-type') as string | undefined;
  if (value instanceof Uint8Array) {
    return { status: statusCode, contentType: type ?? 'application/octet-stream', body: Buffer.from(value) };
  }
  const body = typeof value === 'string' && type !== undefined ? Buffer.from(value) : toJson(value, 'an interceptor');
  return { status: statusCode, contentType: type ?? JSON_TYPE, body };
}

/** Returns whether Nest sends a value in chunks. */
export function isStreamed(value: unknown): value is StreamableFile | Readable {
  return value instanceof StreamableFile || value instanceof Readable;
}

function isResponse(value: unknown): value is StoredResponse {
  if (typeof value !== 'object' || value === null) return false;
  const { status, contentType, body } = value as Partial<StoredResponse>;
  return typeof status === 'number' && typeof contentType === 'string' && body instanceof Buffer;
}

/** Serializes a value. Throws INTERNAL for a value that JSON cannot represent; its cause names the producer. */
function toJson(value: unknown, whose: string): Buffer {
  let cause: unknown = new TypeError(`${whose} answered a ${typeof value}, which JSON cannot hold`);
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) return Buffer.from(text);
  } catch (error) {
    cause = new TypeError(`${whose} answered something that JSON cannot hold`, { cause: error });
  }
  throw GatewayError.from(cause);
}

/** Returns the only tenant whose data a response may contain; empty for callers who may see several. */
export function allowedTenant(call: CallContext): string {
  return call.crossTenant ? '' : call.tenantId;
}
