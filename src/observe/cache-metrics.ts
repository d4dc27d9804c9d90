import { Counter, Gauge, type Registry } from 'prom-client';

const OUTCOMES = ['hit', 'miss', 'stale', 'error'] as const;

/** `error`: asked of the upstream, because the store could not be asked or held something unreadable. */
export type CacheOutcome = (typeof OUTCOMES)[number];

/** What a cache keeps: answers of services, or of requests with an Idempotency-Key. */
export type CacheName = 'response' | 'idempotency';

/** Metrics of what is answered without asking an upstream. */
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
      help: 'Answers given in the place of an upstream that failed, by the fallback of its policy.',
      labelNames: ['upstream', 'kind'],
      registers: [registry],
    });
    const { sizes } = this;
    new Gauge({
      name: 'gateway_cache_bytes',
      help: 'Memory of this instance that a cache takes.',
      labelNames: ['cache'],
      registers: [registry],
      collect() {
        for (const [cache, bytes] of sizes) this.set({ cache }, bytes());
      },
    });
    for (const outcome of OUTCOMES) this.requests.inc({ cache: 'response', outcome }, 0);
  }

  /** Asks for the size of a cache at each scrape. */
  watch(cache: CacheName, bytes: () => number): void {
    this.sizes.set(cache, bytes);
  }

  count(cache: 'response', outcome: CacheOutcome): void {
    this.requests.inc({ cache, outcome });
  }

  /** The label set of a fallback exists as soon as its route can be called. */
  knowFallback(upstream: string, kind: string): void {
    this.fallbacks.inc({ upstream, kind }, 0);
  }

  countFallback(upstream: string, kind: string): void {
    this.fallbacks.inc({ upstream, kind });
  }
}
