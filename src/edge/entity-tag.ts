import { hash } from 'node:crypto';
import { trimOws } from '../domain/header-text.js';

/** Strong validator: hash of the bytes (RFC 9110 8.8.3). */
export function entityTag(bytes: Uint8Array | string): string {
  return `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`;
}

/** Whether If-None-Match names a tag; it compares weakly (RFC 9110 13.1.2). */
export function namesTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((item) => {
    const tag = trimOws(item);
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
}
