import type { DecisionReason } from './decision-reason.js';
import type { Principal } from './principal.js';

/** Reasons for which a valid credential is rejected. */
export type RevocationReason = Extract<DecisionReason, 'TOKEN_REVOKED' | 'TOKEN_VERSION_STALE'>;

/**
 * Tracks credentials that were revoked before they expired. Decides from memory, so that requests do not wait for a
 * store.
 */
export abstract class Revocation {
  /**
   * Returns TOKEN_REVOKED or TOKEN_VERSION_STALE; undefined for a credential that is not revoked as far as memory
   * knows.
   */
  abstract verdict(principal: Principal): RevocationReason | undefined;

  /**
   * True while more credentials are revoked than memory may hold: a credential without a verdict must then be looked
   * up.
   */
  abstract get partial(): boolean;

  /**
   * Asks the store for at most a few milliseconds; a store that does not respond in time revokes nothing. Never
   * rejects.
   */
  abstract lookUp(principal: Principal): Promise<RevocationReason | undefined>;

  /** False until the set of revoked credentials has been read once; readiness waits for it. */
  abstract get ready(): boolean;

  /** True while the feed of a configured store is down, so that cached state may be outdated. */
  abstract get degraded(): boolean;
}

/** Revokes credentials before they expire: immediately in this instance and within seconds in every other one. */
export abstract class Revocations {
  /**
   * Revokes one access token by its `jti` until its `exp` (Unix seconds). A credential without a `jti` cannot be
   * identified and is ignored. Resolves when the store has recorded it, or did not respond; it is then recorded as soon
   * as the store is available. Never rejects.
   */
  abstract revoke(tokenId: string, expiresAt: number): Promise<void>;
}
