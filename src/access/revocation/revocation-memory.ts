import type { RevocationConfig } from '../../config/gateway-config.js';
import type { Principal } from '../../domain/principal.js';
import type { RevocationReason } from '../../domain/revocation.js';
import type { RevocationRecord } from './revocation-record.js';
import { RevokedTokens } from './revoked-tokens.js';
import { TokenVersions } from './token-versions.js';

/** What this instance knows of ended credentials: what decides, whatever becomes of the store. */
export class RevocationMemory {
  readonly tokens: RevokedTokens;
  readonly versions: TokenVersions;
  /** Revoked here and not yet told to the store. A subset of the tokens. */
  private readonly untold = new Set<string>();

  constructor(config: RevocationConfig, nowSeconds?: () => number) {
    const toleranceSeconds = config.toleranceMs / 1000;
    const clock = nowSeconds === undefined ? {} : { nowSeconds };
    this.tokens = new RevokedTokens({ capacity: config.maxEntries, toleranceSeconds, ...clock });
    this.versions = new TokenVersions(config.maxEntries);
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

  /** Notes whether the store knows of a token that was revoked here. */
  setTold(tokenId: string, told: boolean): void {
    if (told) this.untold.delete(tokenId);
    else if (this.tokens.has(tokenId)) this.untold.add(tokenId);
  }

  /** Tokens that the store has not been told of, and those that it was told of and does not have. */
  compare(stored: ReadonlySet<string>): { untold: [string, number][]; lost: [string, number][] } {
    const missing = [...this.tokens.live()].filter(([tokenId]) => !stored.has(tokenId)).map(toPair);
    return {
      untold: missing.filter(([tokenId]) => this.untold.has(tokenId)),
      lost: missing.filter(([tokenId]) => !this.untold.has(tokenId)),
    };
  }

  sweep(): void {
    this.tokens.sweep();
    for (const tokenId of this.untold) if (!this.tokens.has(tokenId)) this.untold.delete(tokenId);
  }
}

function toPair([tokenId, expiresAt]: readonly [string, number]): [string, number] {
  return [tokenId, expiresAt];
}
