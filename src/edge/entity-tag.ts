import { hash } from 'node:crypto';
import type { ContentCoding } from '../config/names.js';
import { trimOws } from '../domain/header-text.js';

/** Suffix of the tags of encoded responses: each coding is a representation of its own (RFC 9110 8.8.3.3). */
const CODED = /-(?:gzip|br|zstd)"$/;

/** Returns a strong validator, a hash of the bytes (RFC 9110 8.8.3). */
export function entityTag(bytes: Uint8Array | string): string {
  return `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`;
}

/** Returns the tag of a response in a coding. */
export function codedTag(etag: string, coding: ContentCoding | undefined): string {
  return coding === undefined ? etag : `${etag.slice(0, -1)}-${coding}"`;
}

/** Returns the tag of a response without the suffix of its coding; other tags unchanged. */
export function withoutCoding(etag: string): string {
  return etag.replace(CODED, '"');
}

/** Returns whether If-None-Match names a tag; the comparison is weak (RFC 9110 13.1.2). */
export function namesTag(ifNoneMatch: string | undefined, etag: string): boolean {
  return matchingTag(ifNoneMatch, etag) !== undefined;
}

/**
 * Returns the member of If-None-Match that stands for a tag, in any coding; the comparison is weak (RFC 9110 13.1.2).
 */
export function matchingTag(ifNoneMatch: string | undefined, etag: string): string | undefined {
  if (ifNoneMatch === undefined) return undefined;
  const opaque = withoutWeakness(etag);
  for (const item of ifNoneMatch.split(',')) {
    const tag = trimOws(item);
    if (tag === '*') return etag;
    if (withoutWeakness(tag) === opaque) return etag;
    const [suffix] = CODED.exec(tag) ?? [];
    if (suffix !== undefined && withoutWeakness(tag).replace(CODED, '"') === opaque) return etag.slice(0, -1) + suffix;
  }
  return undefined;
}

function withoutWeakness(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
