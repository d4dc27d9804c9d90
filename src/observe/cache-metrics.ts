import { Counter, type Registry } from 'prom-client';

const OUTCOMES = ['hit', 'miss', 'stale', 'error'] as const;

/** `error`: asked of the upstream, because the store could not be asked or held something unreadable. */
export type CacheOutcome = (typeof OUTCOMES)[number];

/** What a cache keeps. */
export type CacheName = 'response';

/** Metrics of what is answered without asking an upstream. */
export class CacheMetrics {
  private readonly requests: Counter<'cache' | 'outcome'>;
  private readonly fallbacks: Counter<'upstream' | 'kind'>;

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
    for (const outcome of OUTCOMES) this.requests.inc({ cache: 'response', outcome }, 0);
  }

  count(cache: CacheName, outcome: CacheOutcome): void {
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
