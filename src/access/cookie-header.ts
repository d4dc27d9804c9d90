import { trimOws } from '../domain/header-text.js';

/** Parses a Cookie header into names and values, in its order; pairs without a name are skipped (RFC 6265bis 5.8.3). */
export function cookiePairs(header: string): [name: string, value: string][] {
  return header
    .split(';')
    .map(trimOws)
    .map((pair): [string, string] => [pair.slice(0, Math.max(0, pair.indexOf('='))), pair.slice(pair.indexOf('=') + 1)])
    .filter(([name]) => name !== '');
}

/** Returns the values of all cookies with this case-sensitive name, in the order of the Cookie header. */
export function cookieValues(header: string, name: string): string[] {
  if (!header.includes(`${name}=`)) return [];
  return cookiePairs(header)
    .filter(([each]) => each === name)
    .map(([, value]) => value);
}

/** Name of the session cookie. The prefix prevents other hosts and plain http from setting it (RFC 6265bis 4.1.3.2). */
export const SESSION_COOKIE = '__Host-sid';

const SESSION_ID = /^[A-Za-z0-9._~-]{1,256}$/;

/**
 * Returns the session ID of a Cookie header: undefined if it has none, an empty string if it has several or a malformed
 * one.
 */
export function readSessionCookie(cookie: string): string | undefined {
  const [value, ...others] = cookieValues(cookie, SESSION_COOKIE);
  if (value === undefined) return undefined;
  return others.length === 0 && SESSION_ID.test(value) ? value : '';
}
