import { cookieValues } from './cookie-header.js';

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
