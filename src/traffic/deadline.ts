import type { GatewayConfig } from '../config/gateway-config.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { timeoutError } from '../grpc/status.js';
import type { Next, StackCall } from './call.js';

/** Timeout settings that determine the deadline of a call. */
export interface DeadlineSettings {
  readonly upstreams: GatewayConfig['upstreams'];
  readonly timeouts: Pick<GatewayConfig['timeouts'], 'requestMs' | 'streamIdleMs' | 'streamTotalMs'>;
}

/**
 * Gives an attempt the earliest of its deadlines. They count from the entry of the call, so that the timeout of a
 * policy applies to all attempts together. Rejects with UPSTREAM_TIMEOUT, without an attempt, when no time is left.
 */
export function deadline(settings: DeadlineSettings) {
  return <Response>(next: Next<Response>): Next<Response> =>
    async (call) => {
      const deadlineAt = nearestDeadline(call, settings);
      const remainingMs = deadlineAt - performance.now();
      call.trace.deadlineMs = Math.max(remainingMs, 0);
      if (remainingMs <= 0) throw timeoutError(call.method.upstream, 'no time was left for this attempt', false);
      const { context, method, request, reader, headers, startedAt, signal, trace } = call;
      return next({
        context,
        method,
        request,
        deadlineAt,
        reader,
        headers,
        startedAt,
        signal,
        trace,
        attempt: undefined,
      });
    };
}

/** Returns the moment by which a call, all its attempts together, must be answered. */
export function nearestDeadline(call: StackCall, settings: DeadlineSettings): number {
  const { method, startedAt } = call;
  if (method.kind === 'server_stream') {
    return Math.min(call.context.clientDeadlineAt, startedAt + maxDurationOf(method, settings));
  }
  return Math.min(call.deadlineAt, startedAt + timeoutOf(method, settings));
}

/** Returns the maximum pause of a stream between two messages, and before its first one, in ms. */
export function idleTimeoutOf({ policy }: RpcMethod, { timeouts }: DeadlineSettings): number {
  return policy.stream.idleTimeoutMs ?? timeouts.streamIdleMs;
}

/**
 * Returns the timeout of a call of a method until it is answered, in ms; a stream is answered with its first message.
 */
export function responseTimeoutOf(method: RpcMethod, settings: DeadlineSettings): number {
  if (method.kind === 'unary') return timeoutOf(method, settings);
  return Math.min(idleTimeoutOf(method, settings), maxDurationOf(method, settings));
}

function maxDurationOf({ policy }: RpcMethod, { timeouts }: DeadlineSettings): number {
  return policy.stream.maxDurationMs ?? timeouts.streamTotalMs;
}

/** Returns the timeout of a call of a method, in ms. */
export function timeoutOf(method: RpcMethod, { upstreams, timeouts }: DeadlineSettings): number {
  return method.policy.timeoutMs ?? upstreams.get(method.upstream)?.timeoutMs ?? timeouts.requestMs;
}
