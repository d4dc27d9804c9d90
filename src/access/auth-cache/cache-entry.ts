import type { Principal } from '../../domain/principal.js';

/** A verdict of AuthService on one credential. Times are unix ms. */
export interface CacheEntry {
  readonly principal: Principal;
  /** Size of the principal as JSON. */
  readonly bytes: number;
  /** Until then AuthService's word is taken as it is. */
  readonly freshUntil: number;
  /** Before then a request asks AuthService again, in the background. */
  refreshAt: number;
  /** From then on a request waits for AuthService. Later than `freshUntil` after an attempt that failed. */
  softExpiresAt: number;
  /** Why the last attempt failed; undefined when it did not. */
  failure: string | undefined;
  /** That the stale verdict is used has been logged since the last attempt. */
  staleLogged: boolean;
}

/** The part of a verdict's time in which it is renewed by those who use it, before anybody has to wait. */
const REFRESH_AHEAD = 0.2;

/** An entry whose verdict holds until `freshUntil`. */
export function newEntry(principal: Principal, freshUntil: number, now: number): CacheEntry {
  return {
    principal,
    bytes: Buffer.byteLength(JSON.stringify(principal)),
    freshUntil,
    refreshAt: ahead(freshUntil, now),
    softExpiresAt: freshUntil,
    failure: undefined,
    staleLogged: false,
  };
}

/** The moment before `end` from which on the background tries. */
export function ahead(end: number, now: number): number {
  return end - (end - now) * REFRESH_AHEAD;
}

/** When the credential itself ends, in unix ms; Infinity when it has no end. */
export function credentialEnd({ principal }: Pick<CacheEntry, 'principal'>): number {
  return principal.expiresAt * 1000;
}

/** The moment after which not even an outage keeps an entry. */
export function hardCap(entry: CacheEntry, graceMs: number): number {
  return Math.min(entry.freshUntil + graceMs, credentialEnd(entry));
}
