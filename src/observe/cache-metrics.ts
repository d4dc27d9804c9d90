import { Counter, type Registry } from 'prom-client';

const OUTCOMES = ['hit', 'miss', 'stale', 'error'] as const;

/** `error`: asked of the upstream, because the store could not be asked or held something unreadable. */
export type CacheOutcome = (typeof OUTCOMES)[number];

/** What a cache keeps. */
export type CacheName = 'response';

/** Metrics of what is answered without asking an upstream. */
export class CacheMetrics {
  private readonly requests: Counter<'cache' | 'outcome'>;

  constructor(registry: Registry) {
    this.requests = new Counter({
      name: 'gateway_cache_requests_total',
      help: 'Calls of RPCs with a cache: hit, miss, stale (the upstream failed), error (the store failed).',
      labelNames: ['cache', 'outcome'],
      registers: [registry],
    });
    for (const outcome of OUTCOMES) this.requests.inc({ cache: 'response', outcome }, 0);
  }

  count(cache: CacheName, outcome: CacheOutcome): void {
    this.requests.inc({ cache, outcome });
  }
}
