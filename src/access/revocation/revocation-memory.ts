import type { RevocationConfig } from '../../config/schema/access-settings.js';
import type { Principal } from '../../domain/principal.js';
import type { RevocationReason } from '../../domain/revocation.js';
import type { RevocationRecord } from './revocation-record.js';
import { RevokedTokens } from './revoked-tokens.js';
import { TokenVersions } from './token-versions.js';

/** Revocations known to this instance. All decisions are made from it, whatever the state of the store. */
export class RevocationMemory {
  readonly tokens: RevokedTokens;
  readonly versions: TokenVersions;
  /** Tokens revoked here that the store does not have yet. A subset of the tokens. */
  private readonly unstored = new Set<string>();

  constructor(config: RevocationConfig) {
    const toleranceSeconds = config.toleranceMs / 1000;
    this.tokens = new RevokedTokens({ capacity: config.maxEntries, toleranceSeconds });
    this.versions = new TokenVersions(config.maxEntries);
  }

  /** Returns the number of revoked tokens dropped so far because the limit was reached. */
  get evicted(): number {
    return this.tokens.evicted;
  }

  get partial(): boolean {
    return this.tokens.overflowing || this.versions.overflowing;
  }

  verdict(principal: Principal): RevocationReason | undefined {
    if (principal.tokenId !== '' && this.tokens.has(principal.tokenId)) return 'TOKEN_REVOKED';
    return this.versions.isStale(principal) ? 'TOKEN_VERSION_STALE' : undefined;
  }

  take(record: RevocationRecord): void {
    if (record.kind === 'token') this.tokens.add(record.tokenId, record.expiresAt);
    else this.versions.raise(record.owner, record.id, record.version);
  }

  /** Records whether the store has a token that was revoked here. */
  setStored(tokenId: string, stored: boolean): void {
    if (stored) this.unstored.delete(tokenId);
    else if (this.tokens.has(tokenId)) this.unstored.add(tokenId);
  }

  /** Returns the tokens that the store does not have yet, with their `exp`. */
  pending(): [string, number][] {
    return [...this.tokens.live()].flatMap(([id, expiresAt]) => (this.unstored.has(id) ? [[id, expiresAt]] : []));
  }

  /** Returns the tokens that are missing in the store, with their `exp`. */
  missingIn(stored: ReadonlySet<string>): [string, number][] {
    return [...this.tokens.live()].flatMap(([id, expiresAt]) => (stored.has(id) ? [] : [[id, expiresAt]]));
  }

  sweep(): void {
    this.tokens.sweep();
    for (const tokenId of this.unstored) if (!this.tokens.has(tokenId)) this.unstored.delete(tokenId);
  }
}
