import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const ENTRY_BYTES = [256, 1024, 4096, 16_384, 51_200, 262_144, 1_048_576];

/** Tier in which a cached credential was found. */
export type CacheTier = 'l1' | 'redis';

/** Metrics of authentication: the auth cache and the signing keys of issuers. */
export class AuthMetrics {
  readonly cacheHits: Counter<'tier'>;
  readonly cacheMisses: Counter<'tier'>;
  readonly cacheSize: Gauge<'tier'>;
  readonly cacheBytes: Gauge;
  readonly cacheUntold: Gauge;
  readonly cacheEntryBytes: Histogram;
  readonly staleServed: Counter;
  readonly refreshFailures: Counter<'error_class'>;
  readonly hardEvictions: Counter<'reason'>;
  readonly massRejections: Counter;
  readonly keysLastSuccess: Gauge<'issuer'>;
  readonly keysFailures: Counter<'issuer' | 'reason'>;
  readonly clockSkew: Gauge<'source'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = <T extends string>(name: string, help: string, labelNames: T[]) =>
      new Counter({ name, help, labelNames, registers });
    const gauge = <T extends string>(name: string, help: string, labelNames: T[]) =>
      new Gauge({ name, help, labelNames, registers });
    this.cacheHits = counter('gateway_auth_cache_hits_total', 'Credentials found in the auth cache.', ['tier']);
    this.cacheMisses = counter('gateway_auth_cache_misses_total', 'Credentials not found in the auth cache.', ['tier']);
    this.cacheSize = gauge('gateway_auth_cache_size', 'Validated credentials in the auth cache.', ['tier']);
    this.cacheBytes = gauge('gateway_auth_cache_bytes', 'Serialized size of the auth cache.', []);
    this.cacheUntold = gauge(
      'gateway_auth_cache_untold_rejections',
      'Credentials that AuthService rejected but that are not yet revoked in Redis.',
      [],
    );
    this.cacheEntryBytes = new Histogram({
      name: 'gateway_auth_cache_entry_bytes',
      help: 'Size of a validated credential.',
      buckets: ENTRY_BYTES,
      registers,
    });
    this.staleServed = counter(
      'gateway_auth_cache_stale_served_total',
      'Requests admitted by an outdated verdict.',
      [],
    );
    this.refreshFailures = counter(
      'gateway_auth_cache_refresh_failures_total',
      'Failed calls to AuthService about known credentials.',
      ['error_class'],
    );
    this.hardEvictions = counter('gateway_auth_cache_hard_evictions_total', 'Known credentials removed.', ['reason']);
    this.massRejections = counter(
      'gateway_auth_mass_rejections_total',
      'Number of times that AuthService rejected most of the credentials it had approved before.',
      [],
    );
    this.keysLastSuccess = gauge(
      'gateway_jwks_last_success_timestamp_seconds',
      'Unix time of the last fetch of the keys of an issuer; 0 before the first.',
      ['issuer'],
    );
    this.keysFailures = counter('gateway_jwks_refresh_failures_total', 'Failed fetches of keys.', ['issuer', 'reason']);
    this.clockSkew = gauge('gateway_clock_skew_seconds', 'Seconds by which this clock is ahead.', ['source']);
    for (const tier of ['l1', 'redis'] as const) {
      this.cacheHits.inc({ tier }, 0);
      this.cacheMisses.inc({ tier }, 0);
    }
    this.cacheSize.set({ tier: 'l1' }, 0);
  }
}
