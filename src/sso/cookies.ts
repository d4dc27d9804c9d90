import { SESSION_COOKIE } from '../access/session-cookie.js';

/** What every cookie of the gateway carries: no Domain, so that no other host gets it. Lax, since a sign-in ends with a navigation from the provider. */
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Lax';

/** Deletes the session cookie. */
export const CLEAR_SESSION_COOKIE = clearCookie(SESSION_COOKIE);

/** Set-Cookie of a session: until the browser is closed, at most for as long as the session lasts. */
export function sessionCookie(id: string): string {
  return `${SESSION_COOKIE}=${id}; ${ATTRIBUTES}`;
}

/** Set-Cookie of a cookie that ends by itself. */
export function endingCookie(name: string, value: string, lifeMs: number): string {
  return `${name}=${value}; Max-Age=${Math.floor(lifeMs / 1000)}; ${ATTRIBUTES}`;
}

/** Set-Cookie that deletes a cookie. */
export function clearCookie(name: string): string {
  return `${name}=; Max-Age=0; ${ATTRIBUTES}`;
}
