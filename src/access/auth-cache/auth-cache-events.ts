import type { Logger } from 'pino';
import type { AuthMetrics, CacheTier } from '../../observe/auth-metrics.js';
import type { DegradeFlag, DegradeFlags } from '../../observe/degrade-flags.js';
import { errorClass } from './refresh-failure.js';
import type { MassRejectionReport } from './mass-rejection.js';

/** Why a known credential is given up. */
export const EVICTIONS = [
  'hard_cap_exceeded',
  'hard_cap_exceeded_on_lookup',
  'auth_rejection',
  'auth_rejection_async',
  'credential_expired',
  'revoked',
] as const;

export type EvictionReason = (typeof EVICTIONS)[number];

/** Everyday ends of a credential, which nobody needs to look into. */
const CALM: ReadonlySet<EvictionReason> = new Set(['credential_expired', 'revoked']);

/** Enough of a hash to tell credentials apart in a log, and too little to look one up by. */
const LOGGED_HASH_LENGTH = 16;

/** How long a stale verdict has been stale, and how long it may be; all in ms. */
export interface Staleness {
  readonly staleFor: number;
  readonly hardGraceRemaining: number;
  /** The grace in force, and the one of a revocation feed that is down. */
  readonly hardGrace: number;
  readonly hardGraceDegraded: number;
  readonly failure: string;
}

/** What the auth cache tells operators: a ladder of log lines, in words that runbooks search for, and their counters. */
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
      degraded: 'AuthService cannot be asked about known credentials',
      recovered: 'AuthService answers for credentials',
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

  /** Rejections that the shared store has not taken yet. */
  untold(rejections: number): void {
    this.metrics.cacheUntold.set(rejections);
  }

  /** A credential that is so large is a mistake of whoever grants permissions. */
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

  /** Once for each attempt that failed, not for each request: an outage lasts for thousands of them. */
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

/** `vk_id` is the name that log searches of operators have. */
function identify(hash: string): { readonly session_id_hash: string; readonly vk_id: string } {
  const short = hash.slice(0, LOGGED_HASH_LENGTH);
  return { session_id_hash: short, vk_id: short };
}
