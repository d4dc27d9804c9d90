import { SESSION_COOKIE } from '../access/cookie-header.js';

/**
 * Attributes of every cookie of the gateway: no Domain, so that no other host receives it; Lax, since a sign-in ends
 * with a navigation from the provider.
 */
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Lax';

/** Set-Cookie value that deletes the session cookie. */
export const CLEAR_SESSION_COOKIE = clearCookie(SESSION_COOKIE);

/** Returns the Set-Cookie value of a session cookie, which the browser keeps until it is closed. */
export function sessionCookie(id: string): string {
  return `${SESSION_COOKIE}=${id}; ${ATTRIBUTES}`;
}

/** Returns the Set-Cookie value of a cookie with a lifetime in ms. */
export function endingCookie(name: string, value: string, lifeMs: number): string {
  return `${name}=${value}; Max-Age=${Math.floor(lifeMs / 1000)}; ${ATTRIBUTES}`;
}

/** Returns the Set-Cookie value that deletes a cookie. */
export function clearCookie(name: string): string {
  return `${name}=; Max-Age=0; ${ATTRIBUTES}`;
}
