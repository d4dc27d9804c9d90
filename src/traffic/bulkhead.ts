import { GatewayError } from '../domain/errors.js';
import { abortError } from '../grpc/status.js';
import type { Layer, StackCall } from './call.js';
import type { ConcurrencyLimiter } from './concurrency-limiter.js';
import type { UpstreamStream } from './upstream-stream.js';

const RETRY_AFTER_SECONDS = 1;

/** Receives the events of bulkheads for metrics. */
export interface BulkheadObserver {
  /** Reports how long a call waited for its permit. */
  waited(upstream: string, seconds: number): void;
  /**
   * Reports a refused call. `capacity`: the queue was full; `displaced`: the queue was full and a call of a tenant
   * with a shorter line took its place; `timeout`: no permit was free in time.
   */
  rejected(upstream: string, reason: 'capacity' | 'displaced' | 'timeout'): void;
}

interface BulkheadOptions {
  readonly limiter: ConcurrencyLimiter;
  readonly observer: BulkheadObserver;
  /** Returns the moment by which a call must be answered, in `performance.now()` ms. */
  readonly deadlineOf: (call: StackCall) => number;
}

/** Limits concurrent calls; a few more wait for a permit. Rejects with OVERLOADED. */
export function bulkhead({ limiter, ...options }: BulkheadOptions): Layer {
  return (next) => async (call) => {
    const { tenantId } = call.context;
    const takenAt = limiter.tryAcquire(tenantId) ? call.startedAt : await waitForPermit({ limiter, ...options }, call);
    try {
      return await next(call);
    } finally {
      limiter.note(performance.now() - takenAt);
      limiter.release(tenantId);
    }
  };
}

/** Limits concurrent streams, which hold their permit until they end. Rejects with OVERLOADED. */
export function bulkheadStream({ limiter, ...options }: BulkheadOptions): Layer<UpstreamStream> {
  return (next) => async (call) => {
    const { tenantId } = call.context;
    const takenAt = limiter.tryAcquire(tenantId) ? call.startedAt : await waitForPermit({ limiter, ...options }, call);
    try {
      const stream = await next(call);
      limiter.note(performance.now() - takenAt);
      void stream.ended.then(() => limiter.release(tenantId));
      return stream;
    } catch (error) {
      limiter.release(tenantId);
      throw error;
    }
  };
}

/** Resolves, with the present moment, when the call has its permit. */
async function waitForPermit({ limiter, observer, deadlineOf }: BulkheadOptions, call: StackCall): Promise<number> {
  const { context, method } = call;
  const askedAt = performance.now();
  const outcome = await limiter.wait(context.tenantId, deadlineOf(call) - askedAt, context.cancellation);
  const now = performance.now();
  const waitedMs = now - askedAt;
  context.queueMs += waitedMs;
  if (outcome !== 'capacity') observer.waited(method.upstream, waitedMs / 1000);
  if (outcome === 'taken') return now;
  if (outcome === 'aborted') throw abortError(method.upstream, context.cancellation);
  observer.rejected(method.upstream, outcome);
  throw overloaded(method.upstream);
}

function overloaded(upstream: string): GatewayError {
  const detail = `service unavailable: too many calls to the "${upstream}" service are under way.`;
  return new GatewayError('OVERLOADED', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
}
