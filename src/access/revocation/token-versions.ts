import type { Principal } from '../../domain/principal.js';

/** Kind of owner to whom a minimum token version applies. */
export type VersionOwner = 'subject' | 'tenant';

/**
 * Minimum valid `token_version` by subject (above all service accounts) and by tenant. Versions only rise: a store that
 * lost them does not lower any. When full, no new owner is added and {@link overflowing} becomes true.
 */
export class TokenVersions {
  private readonly least: Readonly<Record<VersionOwner, Map<string, number>>> = {
    subject: new Map(),
    tenant: new Map(),
  };
  private overflowed = false;

  /** @param capacity maximum number of owners of each kind. */
  constructor(private readonly capacity: number) {}

  /** True if there are owners whose version was not recorded. */
  get overflowing(): boolean {
    return this.overflowed;
  }

  get size(): number {
    return this.least.subject.size + this.least.tenant.size;
  }

  raise(owner: VersionOwner, id: string, version: number): void {
    const versions = this.least[owner];
    const known = versions.get(id);
    if (known === undefined && versions.size >= this.capacity) this.overflowed = true;
    else versions.set(id, Math.max(known ?? 0, version));
  }

  isStale(principal: Principal): boolean {
    if (this.size === 0) return false;
    const { subject, tenant } = this.least;
    const least = Math.max(subject.get(principal.subject) ?? 0, tenant.get(principal.tenantId) ?? 0);
    return isBelow(principal, least);
  }

  *entries(): Iterable<readonly [owner: VersionOwner, id: string, version: number]> {
    for (const [id, version] of this.least.subject) yield ['subject', id, version];
    for (const [id, version] of this.least.tenant) yield ['tenant', id, version];
  }
}

/**
 * Returns true if the token version is below the minimum. A token without a version counts as 0. Opaque credentials and
 * certificates have no version: AuthService, or the settings, decide about them.
 */
export function isBelow({ authMethod, tokenVersion = 0 }: Principal, least: number): boolean {
  return (authMethod === 'jwt' || authMethod === 'session') && tokenVersion < least;
}
