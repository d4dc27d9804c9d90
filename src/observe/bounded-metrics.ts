import { Counter, Gauge, type Registry } from 'prom-client';

/** Maps that drop an entry when they are full. */
const CACHES = [
  'auth_rejection',
  'entitlements',
  'idempotency',
  'idempotency_unwritten',
  'jwt',
  'permission',
  'response',
  'response_group',
  'revoked_token',
  'session',
  'session_renewal',
  'stream',
] as const;
const FLIGHTS = ['auth_cache', 'entitlements', 'permission', 'response'] as const;
const LIMITS = ['entries', 'bytes'] as const;

export type EvictingCache = (typeof CACHES)[number];
export type Flight = (typeof FLIGHTS)[number];

/** Number of evictions by the limit that was reached. */
export type EvictionsByLimit = Readonly<Record<(typeof LIMITS)[number], number>>;

/** Callers that waited for work that another one began. */
export interface FlightReport {
  /** Number of callers that wait now. */
  readonly waiting: number;
  /** Waits for finished work: their number, total and maximum. */
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

/**
 * Metrics of entries dropped for lack of room, and of requests that wait for the work of others. The owners count; a
 * scrape reads.
 */
export class BoundedMetrics {
  private readonly evictions = new Map<EvictingCache, () => number>();
  private readonly flights = new Map<Flight, () => FlightReport>();
  private authCache: () => EvictionsByLimit = () => ({ entries: 0, bytes: 0 });

  constructor(registry: Registry) {
    this.registerEvictions(registry);
    this.registerFlights(registry);
  }

  watchEvictions(cache: EvictingCache, evicted: () => number): void {
    this.evictions.set(cache, evicted);
  }

  watchAuthCache(evicted: () => EvictionsByLimit): void {
    this.authCache = evicted;
  }

  watchFlights(flight: Flight, report: () => FlightReport): void {
    this.flights.set(flight, report);
  }

  /** Returns the waits of each registered flight. */
  flightReports(): [Flight, FlightReport][] {
    return [...this.flights].map(([flight, report]) => [flight, report()]);
  }

  private registerEvictions(registry: Registry): void {
    const read = (cache: EvictingCache) => this.evictions.get(cache)?.() ?? 0;
    const authCache = () => this.authCache();
    new Counter({
      name: 'gateway_cache_evictions_total',
      help: 'Entries dropped before they expired because the map was full.',
      labelNames: ['cache'],
      registers: [registry],
      collect() {
        this.reset();
        for (const cache of CACHES) this.inc({ cache }, read(cache));
      },
    });
    new Counter({
      name: 'gateway_auth_cache_evictions_total',
      help: 'Validated credentials dropped before they expired, by the limit that was reached: GATEWAY_AUTH_CACHE_L1_SIZE (entries) or GATEWAY_AUTH_CACHE_L1_BYTES (bytes).',
      labelNames: ['reason'],
      registers: [registry],
      collect() {
        this.reset();
        for (const reason of LIMITS) this.inc({ reason }, authCache()[reason]);
      },
    });
  }

  private registerFlights(registry: Registry): void {
    const read = (flight: Flight) => this.flights.get(flight)?.().waiting ?? 0;
    new Gauge({
      name: 'gateway_singleflight_waiters',
      help: 'Requests that wait for an upstream call of another request.',
      labelNames: ['flight'],
      registers: [registry],
      collect() {
        for (const flight of FLIGHTS) this.set({ flight }, read(flight));
      },
    });
    new Gauge({
      name: 'gateway_auth_cache_singleflight_waiters',
      help: 'Requests that wait for the validation of their credential by another request.',
      registers: [registry],
      collect() {
        this.set(read('auth_cache'));
      },
    });
  }
}
