import { GatewayError } from '../domain/errors.js';
import { abortError } from '../grpc/status.js';
import type { Layer, StackCall } from './call.js';
import type { ConcurrencyLimiter } from './concurrency-limiter.js';
import type { UpstreamStream } from './upstream-stream.js';

const RETRY_AFTER_SECONDS = 1;

/** Takes what happens at bulkheads. */
export interface BulkheadObserver {
  /** A call waited for its place. */
  waited(upstream: string, seconds: number): void;
  /**
   * `capacity`: the queue was full; `displaced`: it was, and a call of a tenant with a shorter line came; `timeout`: there
   * was no place in time.
   */
  rejected(upstream: string, reason: 'capacity' | 'displaced' | 'timeout'): void;
}

interface BulkheadOptions {
  readonly limiter: ConcurrencyLimiter;
  readonly observer: BulkheadObserver;
  /** When a call must have been answered, in `performance.now()` ms. */
  readonly deadlineOf: (call: StackCall) => number;
}

/** Lets so many calls through at once; a few more wait a moment. Rejects with OVERLOADED. */
export function bulkhead({ limiter, ...options }: BulkheadOptions): Layer {
  return (next) => async (call) => {
    const { tenantId } = call.context;
    const takenAt = limiter.tryAcquire(tenantId) ? call.startedAt : await waitForPlace({ limiter, ...options }, call);
    try {
      return await next(call);
    } finally {
      limiter.note(performance.now() - takenAt);
      limiter.release(tenantId);
    }
  };
}

/** The same for streams, which hold their place until they end. */
export function bulkheadStream({ limiter, ...options }: BulkheadOptions): Layer<UpstreamStream> {
  return (next) => async (call) => {
    const { tenantId } = call.context;
    const takenAt = limiter.tryAcquire(tenantId) ? call.startedAt : await waitForPlace({ limiter, ...options }, call);
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

/** Resolves to the moment when there was one. */
async function waitForPlace({ limiter, observer, deadlineOf }: BulkheadOptions, call: StackCall): Promise<number> {
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
