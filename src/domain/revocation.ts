import type { DecisionReason } from './decision-reason.js';
import type { Principal } from './principal.js';

/** Knows which credentials were ended before their time. Decides from memory: no request waits for a store. */
export abstract class Revocation {
  /** TOKEN_REVOKED or TOKEN_VERSION_STALE; undefined for a credential that still holds. */
  abstract verdict(principal: Principal): Extract<DecisionReason, 'TOKEN_REVOKED' | 'TOKEN_VERSION_STALE'> | undefined;

  /** False until the set of revoked credentials has been read once: readiness waits for it. */
  abstract get ready(): boolean;

  /** True while the feed of a configured store is down, so that what is cached may be outdated. */
  abstract get degraded(): boolean;
}
