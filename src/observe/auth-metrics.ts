import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const ENTRY_BYTES = [256, 1024, 4096, 16_384, 51_200, 262_144, 1_048_576];

/** Where a cached verdict was found. */
export type CacheTier = 'l1' | 'redis';

/** Metrics of authentication: the auth cache and the keys of issuers. */
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
    this.cacheHits = counter('gateway_auth_cache_hits_total', 'Credentials answered for by the auth cache.', ['tier']);
    this.cacheMisses = counter('gateway_auth_cache_misses_total', 'Credentials it could not answer for.', ['tier']);
    this.cacheSize = gauge('gateway_auth_cache_size', 'Validated credentials in the auth cache.', ['tier']);
    this.cacheBytes = gauge('gateway_auth_cache_bytes', 'What they take, as they would be written down.', []);
    this.cacheUntold = gauge(
      'gateway_auth_cache_untold_rejections',
      'Credentials that AuthService turned down and Redis has not been told of yet.',
      [],
    );
    this.cacheEntryBytes = new Histogram({
      name: 'gateway_auth_cache_entry_bytes',
      help: 'Size of a validated credential.',
      buckets: ENTRY_BYTES,
      registers,
    });
    this.staleServed = counter('gateway_auth_cache_stale_served_total', 'Requests let in on an outdated verdict.', []);
    this.refreshFailures = counter(
      'gateway_auth_cache_refresh_failures_total',
      'Known credentials that AuthService could not be asked about.',
      ['error_class'],
    );
    this.hardEvictions = counter('gateway_auth_cache_hard_evictions_total', 'Known credentials given up.', ['reason']);
    this.massRejections = counter(
      'gateway_auth_mass_rejections_total',
      'Times that AuthService turned down most of the credentials it had approved before.',
      [],
    );
    this.keysLastSuccess = gauge(
      'gateway_jwks_last_success_timestamp_seconds',
      'When the keys of an issuer were fetched last; 0 before the first time.',
      ['issuer'],
    );
    this.keysFailures = counter('gateway_jwks_refresh_failures_total', 'Fetches that brought no keys.', [
      'issuer',
      'reason',
    ]);
    this.clockSkew = gauge('gateway_clock_skew_seconds', 'How far this clock is ahead of the source.', ['source']);
    for (const tier of ['l1', 'redis'] as const) {
      this.cacheHits.inc({ tier }, 0);
      this.cacheMisses.inc({ tier }, 0);
    }
    this.cacheSize.set({ tier: 'l1' }, 0);
  }
}
