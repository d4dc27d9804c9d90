import type { CompiledRoute } from '../contract/compiled-route.js';
import type { CallContext } from '../domain/call-context.js';
import type { KeptAnswer } from '../traffic/idempotency/idempotency-record.js';
import { allowedTenant } from './allowed-tenant.js';
import type { JsonValue } from './rpc-call.js';

/** Media type of every response that is made from a message. */
export const JSON_TYPE = 'application/json; charset=utf-8';
const EMPTY = Buffer.alloc(0);
const NOTHING = { contentType: '', body: EMPTY };

/** The body of a successful answer, redacted and checked for its tenant, and what it is. */
export function renderAnswer(rpc: CompiledRoute, call: CallContext, answer: Uint8Array | JsonValue): KeptAnswer {
  const status = rpc.route.method.policy.successStatus;
  if (status === 204) return { status, contentType: '', body: EMPTY };
  if (!(answer instanceof Uint8Array)) {
    return { status, contentType: JSON_TYPE, body: Buffer.from(JSON.stringify(answer)) };
  }
  if (rpc.httpBody !== undefined) {
    const { contentType, data } = rpc.httpBody.read(answer);
    return { status, contentType, body: Buffer.from(data) };
  }
  return { status, contentType: JSON_TYPE, body: rpc.responseWriter.write(answer, allowedTenant(call)) };
}

/**
 * What came out of an interceptor in the place of a response: another response, or any value, which is sent as JSON.
 * Undefined where there is nothing to send, as after a stream that has sent itself.
 */
export function toResponse(value: unknown, { route }: CompiledRoute): KeptAnswer | undefined {
  if (isResponse(value)) return value;
  const { kind, policy } = route.method;
  if (value === undefined) return kind === 'server_stream' ? undefined : { ...NOTHING, status: policy.successStatus };
  return { status: policy.successStatus, contentType: JSON_TYPE, body: Buffer.from(JSON.stringify(value)) };
}

function isResponse(value: unknown): value is KeptAnswer {
  return typeof value === 'object' && value !== null && 'body' in value && value.body instanceof Buffer;
}
