import { GatewayError } from '../../src/domain/errors.js';
import { CallContext } from '../../src/domain/call-context.js';
import { policyOf, type Policy } from '../../src/domain/policy.js';
import type { RpcMethod } from '../../src/domain/rpc-method.js';
import type { UpstreamCall } from '../../src/traffic/call.js';

const STREAM = { idleTimeoutMs: 30_000, maxDurationMs: 300_000, maxMessages: 0 };

/** user.v1.UserService/GetUser with what a test changes of its policy. */
export function unaryMethod(policy: Partial<Policy> = {}): RpcMethod {
  return method({ upstream: 'user', service: 'user.v1.UserService', name: 'GetUser' }, 'unary', policy);
}

/** ai.v1.AIService/StreamQuery with what a test changes of its policy. */
export function streamMethod(policy: Partial<Policy> = {}): RpcMethod {
  return method({ upstream: 'ai', service: 'ai.v1.AIService', name: 'StreamQuery' }, 'server_stream', policy);
}

/** A call of a request that was just received and has `requestMs` to live. */
export function upstreamCall(
  rpc: RpcMethod,
  requestMs = 5_000,
): UpstreamCall & { abort: Pick<AbortController, 'abort'> } {
  const now = performance.now();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const context = new CallContext('req-1', { traceparent, tracestate: '' }, now, now + requestMs);
  const abort = { abort: () => context.cancel(new GatewayError('CLIENT_CLOSED', 'The client left.')) };
  return { context, method: rpc, request: Buffer.from('request'), deadlineAt: context.deadlineAt, abort };
}

function method(
  names: Pick<RpcMethod, 'upstream' | 'service' | 'name'>,
  kind: RpcMethod['kind'],
  policy: Partial<Policy>,
): RpcMethod {
  const path = `/${names.service}/${names.name}`;
  return {
    ...names,
    path,
    kind,
    idempotent: false,
    readOnly: false,
    policy: policyOf('OPEN', { stream: STREAM, ...policy }),
  };
}
