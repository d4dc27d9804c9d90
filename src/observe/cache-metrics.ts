import { Counter, Gauge, type Registry } from 'prom-client';

const OUTCOMES = ['hit', 'miss', 'stale', 'error'] as const;

/**
 * Outcome of a look-up. `error`: the upstream was called because the store was unavailable or held something
 * unreadable.
 */
export type CacheOutcome = (typeof OUTCOMES)[number];

/** Name of a cache: of responses of services, or of requests with an Idempotency-Key. */
export type CacheName = 'response' | 'idempotency';

/** Metrics of responses given without calling an upstream. */
export class CacheMetrics {
  private readonly requests: Counter<'cache' | 'outcome'>;
  private readonly fallbacks: Counter<'upstream' | 'kind'>;
  private readonly sizes = new Map<CacheName, () => number>();

  constructor(registry: Registry) {
    this.requests = new Counter({
      name: 'gateway_cache_requests_total',
      help: 'Calls of RPCs with a cache: hit, miss, stale (the upstream failed), error (the store failed).',
      labelNames: ['cache', 'outcome'],
      registers: [registry],
    });
    this.fallbacks = new Counter({
      name: 'gateway_fallback_answers_total',
      help: 'Responses given in place of a failed upstream, by kind of fallback.',
      labelNames: ['upstream', 'kind'],
      registers: [registry],
    });
    const { sizes } = this;
    new Gauge({
      name: 'gateway_cache_bytes',
      help: 'Memory of a cache in this instance, in bytes.',
      labelNames: ['cache'],
      registers: [registry],
      collect() {
        for (const [cache, bytes] of sizes) this.set({ cache }, bytes());
      },
    });
    for (const outcome of OUTCOMES) this.requests.inc({ cache: 'response', outcome }, 0);
  }

  /** Reads the size of a cache at each scrape. */
  watch(cache: CacheName, bytes: () => number): void {
    this.sizes.set(cache, bytes);
  }

  count(cache: 'response', outcome: CacheOutcome): void {
    this.requests.inc({ cache, outcome });
  }

  /** Creates the label set of a fallback as soon as its route can be called. */
  knowFallback(upstream: string, kind: string): void {
    this.fallbacks.inc({ upstream, kind }, 0);
  }

  countFallback(upstream: string, kind: string): void {
    this.fallbacks.inc({ upstream, kind });
  }
}
