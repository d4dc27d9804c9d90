import type { Logger } from 'pino';
import type { AuthMetrics, CacheTier } from '../../observe/auth-metrics.js';
import type { DegradeFlag, DegradeFlags } from '../../observe/degrade-flags.js';
import { errorClass } from './refresh-failure.js';
import type { MassRejectionReport } from './mass-rejection.js';

/** Reasons for which a cached credential is evicted; label of `gateway_auth_cache_hard_evictions_total`. */
const EVICTIONS = [
  'hard_cap_exceeded',
  'hard_cap_exceeded_on_lookup',
  'auth_rejection',
  'auth_rejection_async',
  'credential_expired',
  'revoked',
] as const;

export type EvictionReason = (typeof EVICTIONS)[number];

/** Evictions that are part of normal operation; the others are logged as errors. */
const CALM: ReadonlySet<EvictionReason> = new Set(['credential_expired', 'revoked']);

/** Long enough to tell credentials apart in a log, too short to look one up in the cache. */
const LOGGED_HASH_LENGTH = 16;

/** Age of a stale entry and the limits that apply to it; all in ms. */
interface Staleness {
  readonly staleFor: number;
  readonly hardGraceRemaining: number;
  /** Grace in force, and the shorter one that applies while the revocation feed is down. */
  readonly hardGrace: number;
  readonly hardGraceDegraded: number;
  readonly failure: string;
}

/** Reports the auth cache to operators: log messages that runbooks search for, and metrics. */
export class AuthCacheEvents {
  private readonly flag: DegradeFlag;

  constructor(
    private readonly metrics: AuthMetrics,
    private readonly logger: Logger,
    flags: DegradeFlags,
  ) {
    this.flag = flags.flag({
      component: 'auth_cache',
      cause: 'AuthService',
      area: 'auth',
      degraded: 'AuthService cannot revalidate cached credentials',
      recovered: 'AuthService validates credentials again',
    });
    for (const reason of EVICTIONS) metrics.hardEvictions.inc({ reason }, 0);
  }

  hit(tier: CacheTier): void {
    this.metrics.cacheHits.inc({ tier });
  }

  miss(tier: CacheTier): void {
    this.metrics.cacheMisses.inc({ tier });
  }

  stored(bytes: number): void {
    this.metrics.cacheEntryBytes.observe(bytes);
  }

  resized(entries: number, bytes: number): void {
    this.metrics.cacheSize.set({ tier: 'l1' }, entries);
    this.metrics.cacheBytes.set(bytes);
  }

  /** Sets the number of rejections that the shared store has not accepted yet. */
  pendingRejections(rejections: number): void {
    this.metrics.cacheUntold.set(rejections);
  }

  /** Logs a credential whose entry is unusually large, which usually means that too many permissions were granted. */
  oversized(hash: string, bytes: number, cached: boolean): void {
    this.logger.warn({ ...identify(hash), bytes, cached }, 'auth_cache_entry_oversized');
  }

  refreshed(): void {
    this.flag.lower();
  }

  refreshFailed(hash: string, error: unknown, newSoftExpiresAt: number): void {
    const failure = errorClass(error);
    const text = error instanceof Error ? error.message : String(error);
    this.metrics.refreshFailures.inc({ error_class: failure });
    const new_soft_expires_at = new Date(newSoftExpiresAt).toISOString();
    this.logger.warn(
      { ...identify(hash), error: text, error_class: failure, new_soft_expires_at },
      'auth_cache_refresh_transport_failure',
    );
    this.flag.raise(failure);
  }

  staleServed(): void {
    this.metrics.staleServed.inc();
  }

  /**
   * Logs the use of a stale entry: once per failed refresh, not per request, since an outage lasts for thousands of
   * requests.
   */
  staleBegan(hash: string, staleness: Staleness): void {
    this.logger.info(
      {
        ...identify(hash),
        stale_for: Math.round(staleness.staleFor),
        hard_grace_remaining: Math.round(staleness.hardGraceRemaining),
        hard_grace: staleness.hardGrace,
        hard_grace_degraded: staleness.hardGraceDegraded,
        refresh_error_class: staleness.failure,
      },
      'auth_cache_serve_stale',
    );
  }

  evicted(hash: string, reason: EvictionReason): void {
    this.metrics.hardEvictions.inc({ reason });
    const level = CALM.has(reason) ? 'info' : 'error';
    this.logger[level]({ ...identify(hash), reason }, `auth_cache_hard_evict reason=${reason}`);
  }

  massRejection({ rejected, checked }: MassRejectionReport): void {
    this.metrics.massRejections.inc();
    const hint = 'AuthService may have lost its store: see the runbook of AuthService';
    this.logger.error({ rejected, checked, hint }, `auth_mass_rejection rejected=${rejected} checked=${checked}`);
  }
}

/** Returns the log fields that identify a credential; `vk_id` is the name that existing log searches use. */
function identify(hash: string): { readonly session_id_hash: string; readonly vk_id: string } {
  const short = hash.slice(0, LOGGED_HASH_LENGTH);
  return { session_id_hash: short, vk_id: short };
}
