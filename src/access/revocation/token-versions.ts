import type { Principal } from '../../domain/principal.js';

/** Whose tokens a least version is about. */
export type VersionOwner = 'subject' | 'tenant';

/**
 * The least `token_version` that still counts, by subject (a service account above all) and by tenant.
 * Versions only grow: a store that lost them takes nothing back. Full, it takes in no new owner and says so.
 */
export class TokenVersions {
  private readonly least: Readonly<Record<VersionOwner, Map<string, number>>> = {
    subject: new Map(),
    tenant: new Map(),
  };
  private overflowed = false;

  /** At most so many owners of each kind. */
  constructor(private readonly capacity: number) {}

  /** True when there are owners whose version is not known here. */
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

/** A token without a version is older than any that has one. Opaque credentials have none: AuthService vouches for them itself; nor have certificates. */
export function isBelow({ authMethod, tokenVersion = 0 }: Principal, least: number): boolean {
  return (authMethod === 'jwt' || authMethod === 'session') && tokenVersion < least;
}
