import type { DecisionReason } from './decision-reason.js';
import type { Principal } from './principal.js';

/** Why a credential that verifies no longer counts. */
export type RevocationReason = Extract<DecisionReason, 'TOKEN_REVOKED' | 'TOKEN_VERSION_STALE'>;

/** Knows which credentials were ended before their time. Decides from memory: no request waits for a store. */
export abstract class Revocation {
  /** TOKEN_REVOKED or TOKEN_VERSION_STALE; undefined for a credential that still holds, as far as memory tells. */
  abstract verdict(principal: Principal): RevocationReason | undefined;

  /** True while more credentials are revoked than memory may hold: one without a verdict is to be looked up then. */
  abstract get partial(): boolean;

  /** Asks the store, for a few milliseconds at most; a store that does not answer in time revokes nothing. Never rejects. */
  abstract lookUp(principal: Principal): Promise<RevocationReason | undefined>;

  /** False until the set of revoked credentials has been read once: readiness waits for it. */
  abstract get ready(): boolean;

  /** True while the feed of a configured store is down, so that what is cached may be outdated. */
  abstract get degraded(): boolean;
}

/** Ends credentials before their time, here at once and in every other instance within seconds. */
export abstract class Revocations {
  /**
   * Revokes one access token by its `jti` until its `exp` (unix seconds). A credential without a `jti` cannot be named and is left alone.
   * Resolves when the store knows, or when it did not answer: then it is told as soon as it does. Never rejects.
   */
  abstract revoke(tokenId: string, expiresAt: number): Promise<void>;
}
