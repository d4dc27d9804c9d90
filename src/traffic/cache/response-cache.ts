import type { FlightReport } from '../../observe/bounded-metrics.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { RpcMethod } from '../../domain/rpc-method.js';
import type { CacheMetrics, CacheOutcome } from '../../observe/cache-metrics.js';
import type { Layer, Next, StackCall } from '../call.js';
import { type DeadlineSettings, nearestDeadline, timeoutOf } from '../deadline.js';
import { sharedContext } from '../shared-context.js';
import { SingleFlight } from '../single-flight.js';
import type { UpstreamStream } from '../upstream-stream.js';
import { isUpstreamFault } from '../upstream-fault.js';
import { cacheKey } from './cache-key.js';
import type { CachedResponse, CacheKey, Generation, ResponseStore } from './cached-response.js';
import { invalidateOnWrite, invalidateOnStreamWrite } from './invalidate-on-write.js';
import { abortError, timeoutError } from '../../grpc/status.js';

/** Settings that the cache depends on. */
export type CacheSettings = DeadlineSettings & Pick<GatewayConfig, 'responseCache'>;

interface CacheParts {
  readonly store: ResponseStore;
  readonly settings: CacheSettings;
  readonly metrics: CacheMetrics;
  /** How long a response of each service may be fresh, in ms. */
  readonly freshTimes: () => ReadonlyMap<string, number>;
  /** Returns Unix ms, since instances share what they store. */
  readonly now?: () => number;
}

/** Cache key and generation under which a response will be stored. */
interface Place {
  readonly key: CacheKey;
  readonly generation: Generation;
}

/**
 * Caches the responses of RPCs whose policy has a cache. Only successes are stored; concurrent calls with the same
 * key are sent once.
 */
export class ResponseCache {
  private readonly flights = new SingleFlight<Uint8Array>();
  private readonly now: () => number;

  constructor(private readonly parts: CacheParts) {
    this.now = parts.now ?? (() => Date.now());
  }

  get metrics(): CacheMetrics {
    return this.parts.metrics;
  }

  /** Returns how many requests wait, and how long others waited, for a response that another request asked for. */
  get flight(): FlightReport {
    return this.flights.report;
  }

  /** Returns the cache layer of an RPC: for one with a cache, or one that writes to what others read from a cache. */
  layers({ upstream, readOnly, policy: { cache } }: RpcMethod): Layer[] {
    if (cache !== undefined) return [(next) => (call) => this.answer(next, call, cacheKey(call, cache.scope))];
    const freshMs = readOnly ? undefined : this.parts.freshTimes().get(upstream);
    return freshMs === undefined ? [] : [invalidateOnWrite(this.parts.store, freshMs)];
  }

  /** Returns the cache layer of a streaming RPC that writes to what others read from a cache. */
  streamLayers({ upstream, readOnly }: RpcMethod): Layer<UpstreamStream>[] {
    const freshMs = readOnly ? undefined : this.parts.freshTimes().get(upstream);
    return freshMs === undefined ? [] : [invalidateOnStreamWrite(this.parts.store, freshMs)];
  }

  /** Resolves to the last good response to a call, however stale, as long as it is stored. */
  async lastResponse(call: StackCall): Promise<Uint8Array | undefined> {
    const { cache } = call.method.policy;
    if (cache === undefined) return undefined;
    const { answer } = await this.parts.store.get(cacheKey(call, cache.scope));
    return answer?.body;
  }

  private async answer(next: Next, call: StackCall, key: CacheKey): Promise<Uint8Array> {
    const { answer, isOutdated, generation, failed } = await this.parts.store.get(key);
    if (answer !== undefined && !isOutdated && this.now() < answer.freshUntil) {
      this.note(call, 'hit');
      return answer.body;
    }
    try {
      const body = await this.ask(next, call, { key, generation });
      this.note(call, failed ? 'error' : 'miss');
      return body;
    } catch (error) {
      if (answer !== undefined && isUpstreamFault(error) && this.mayStandIn(call, answer)) {
        this.note(call, 'stale');
        return answer.body;
      }
      this.note(call, failed ? 'error' : 'miss');
      throw error;
    }
  }

  private mayStandIn({ method }: StackCall, { freshUntil }: CachedResponse): boolean {
    return this.now() < freshUntil + (method.policy.cache?.staleIfErrorMs ?? 0);
  }

  /**
   * Calls the upstream. The call does not belong to one request: it continues when the client that caused it leaves,
   * since others may wait for it.
   */
  private ask(next: Next, call: StackCall, place: Place): Promise<Uint8Array> {
    const { settings } = this.parts;
    const flight = this.flights.run(flightOf(place), async () => {
      const own = call.context;
      const context = sharedContext(own, own.principal, timeoutOf(call.method, settings));
      const { deadlineAt, cancellation: signal, startedAt } = context;
      try {
        const body = await next({ ...call, context, deadlineAt, signal, startedAt });
        this.keep(call.method, place, body);
        return body;
      } finally {
        own.breakerState = context.breakerState;
        own.queueMs += context.queueMs;
      }
    });
    return withinOwnTime(call, nearestDeadline(call, settings), flight);
  }

  private keep({ policy: { cache, fallback } }: RpcMethod, { key, generation }: Place, body: Uint8Array): void {
    const { maxEntryBytes, fallbackMaxAgeMs } = this.parts.settings.responseCache;
    if (cache === undefined || body.length > (cache.maxBytes === 0 ? maxEntryBytes : cache.maxBytes)) return;
    const graceMs = Math.max(cache.staleIfErrorMs, fallback?.kind === 'cached' ? fallbackMaxAgeMs : 0);
    this.parts.store.set(key, { body, freshUntil: this.now() + cache.ttlMs, generation }, cache.ttlMs + graceMs);
  }

  private note({ context }: StackCall, outcome: CacheOutcome): void {
    context.responseCache = outcome === 'error' ? 'miss' : outcome;
    if (outcome === 'stale') context.fallback = 'cached';
    this.parts.metrics.count('response', outcome);
  }
}

/**
 * Returns the key for sharing a call in progress. It includes the generation: whoever has been told of a write must
 * not get the response to a call made before it.
 */
function flightOf({ key, generation }: Place): string {
  return `${key.name} ${generation.own} ${generation.shared}`;
}

/** The shared call has its own deadline, and its error says more, so it is awaited this much longer. */
const GRACE_MS = 20;

/** Waits for shared work no longer than this call may: until its deadline, or until its client leaves. */
function withinOwnTime<T>(call: StackCall, deadlineAt: number, work: Promise<T>): Promise<T> {
  const { signal, method } = call;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const giveUp = () => reject(abortError(method.upstream, signal));
  const timeOut = () => reject(timeoutError(method.upstream, 'the shared call took longer', true));
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp);
  const timer = setTimeout(timeOut, Math.max(deadlineAt - performance.now(), 0) + GRACE_MS);
  work.then(resolve, reject);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  });
}
