import type { RpcMethod } from '../../domain/rpc-method.js';
import type { GatewayError } from '../../domain/errors.js';
import type { Layer, StackCall } from '../call.js';
import { type DeadlineSettings, timeoutOf } from '../deadline.js';
import type { UpstreamStream } from '../upstream-stream.js';
import { writeGroups } from './cache-key.js';
import type { ResponseStore } from './cached-response.js';

/**
 * Returns how long a response of each service with cached RPCs may stay fresh after the call, in ms. Cached responses
 * of open RPCs belong to no tenant unless their request names one.
 */
export function freshTimes(methods: Iterable<RpcMethod>, settings: DeadlineSettings): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const method of methods) {
    const { upstream, policy } = method;
    if (policy.cache === undefined || (policy.access === 'OPEN' && policy.tenantField === undefined)) continue;
    const freshMs = timeoutOf(method, settings) + policy.cache.ttlMs;
    times.set(upstream, Math.max(times.get(upstream) ?? 0, freshMs));
  }
  return times;
}

/**
 * Makes the cached responses of a tenant stale once a write to that tenant is over, so that a client reads what it
 * has written. A failed write may have been carried out and counts as well.
 */
export function invalidateOnWrite(store: ResponseStore, freshMs: number): Layer {
  return (next) => async (call) => {
    try {
      return await next(call);
    } finally {
      await invalidate(store, call, freshMs);
    }
  };
}

/**
 * Does the same for a write that is a stream: each of its messages, and its end, may report something that was
 * written.
 */
export function invalidateOnStreamWrite(store: ResponseStore, freshMs: number): Layer<UpstreamStream> {
  return (next) => async (call) => {
    try {
      return new WritingStream(await next(call), () => invalidate(store, call, freshMs));
    } catch (error) {
      await invalidate(store, call, freshMs);
      throw error;
    }
  };
}

class WritingStream implements UpstreamStream {
  constructor(
    private readonly stream: UpstreamStream,
    private readonly onWrite: () => Promise<void>,
  ) {}

  get ended(): UpstreamStream['ended'] {
    return this.stream.ended;
  }

  attributeFailure(error: unknown): GatewayError {
    return this.stream.attributeFailure(error);
  }

  cancel(): void {
    this.stream.cancel();
    void this.onWrite();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      for await (const message of this.stream) {
        await this.onWrite();
        yield message;
      }
    } finally {
      await this.onWrite();
    }
  }
}

async function invalidate(store: ResponseStore, call: StackCall, freshMs: number): Promise<void> {
  const groups = writeGroups(call);
  if (call.trace.attempts > 0 && groups.length > 0) await store.invalidate(groups, freshMs);
}
