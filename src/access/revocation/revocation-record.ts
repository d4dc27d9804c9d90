import type { VersionOwner } from './token-versions.js';

const LONGEST_ID = 256;
/** Maximum time for which a revocation is kept; also limits a time sent in milliseconds by mistake. */
const LONGEST_LIFE_SECONDS = 30 * 86_400;

/** Published revocation (docs/revocation.md): a revoked token, or the minimum token version of a subject or tenant. */
export type RevocationRecord =
  | { readonly kind: 'token'; readonly tokenId: string; readonly expiresAt: number }
  | { readonly kind: 'version'; readonly owner: VersionOwner; readonly id: string; readonly version: number };

/** Parses the fields of a stream entry, alternating names and values; undefined if they are invalid. */
export function parseRecord(fields: readonly string[], nowSeconds: number): RevocationRecord | undefined {
  const values = new Map<string, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) values.set(fields[at] ?? '', fields[at + 1] ?? '');
  const tokenId = values.get('jti');
  if (tokenId !== undefined) return parseToken(tokenId, values.get('exp') ?? '', nowSeconds);
  return parseVersion(`${values.get('owner') ?? ''}:${values.get('id') ?? ''}`, values.get('min_version') ?? '');
}

/** Parses a member of the sorted set with its score; undefined if it is invalid. */
export function parseToken(tokenId: string, expiry: string, nowSeconds: number): RevocationRecord | undefined {
  const expiresAt = expiry === 'inf' ? Infinity : Number(expiry || NaN);
  if (!isId(tokenId) || Number.isNaN(expiresAt)) return undefined;
  return { kind: 'token', tokenId, expiresAt: boundExpiry(expiresAt, nowSeconds) };
}

/** Parses a field of the hash, `subject:<id>` or `tenant:<id>`, with its value; undefined if it is invalid. */
export function parseVersion(field: string, value: string): RevocationRecord | undefined {
  const [, owner, id = ''] = /^(subject|tenant):(.*)$/s.exec(field) ?? [];
  const version = Number(value || NaN);
  if (owner === undefined || !isId(id) || !Number.isSafeInteger(version) || version < 0) return undefined;
  return { kind: 'version', owner: owner as VersionOwner, id, version };
}

/** Returns the Unix seconds until which a revocation is kept; bounded, since a credential may not expire. */
export function boundExpiry(expiresAt: number, nowSeconds: number): number {
  return Math.min(expiresAt, Math.ceil(nowSeconds) + LONGEST_LIFE_SECONDS);
}

function isId(text: string): boolean {
  return text !== '' && text.length <= LONGEST_ID;
}
