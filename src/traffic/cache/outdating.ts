import type { RpcMethod } from '../../domain/rpc-method.js';
import type { Layer } from '../call.js';
import { type DeadlineSettings, timeoutOf } from '../deadline.js';
import { writeGroup } from './cache-key.js';
import type { ResponseStore } from './cached-answer.js';

/**
 * How long an answer of each service may be fresh after it was asked for, in ms; of those with cached RPCs alone. What
 * is cached of open ones is of no tenant.
 */
export function freshTimes(methods: Iterable<RpcMethod>, settings: DeadlineSettings): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const method of methods) {
    const { upstream, policy } = method;
    if (policy.cache === undefined || policy.access === 'OPEN') continue;
    const freshMs = timeoutOf(method, settings) + policy.cache.ttlMs;
    times.set(upstream, Math.max(times.get(upstream) ?? 0, freshMs));
  }
  return times;
}

/**
 * Makes what is cached of a tenant's answers stale once a write of that tenant is over, so that whoever is told of it
 * reads what was written. A write that failed may have been done all the same.
 */
export function outdating(store: ResponseStore, freshMs: number): Layer {
  return (next) => async (call) => {
    try {
      return await next(call);
    } finally {
      const group = writeGroup(call);
      if (call.trace.attempts > 0 && group !== '') await store.outdate(group, freshMs);
    }
  };
}
