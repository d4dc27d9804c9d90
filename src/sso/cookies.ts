import { cookieValues } from '../access/cookie-header.js';
import { SESSION_COOKIE } from '../access/session-cookie.js';

/** What every cookie of the gateway carries: no Domain, so that no other host gets it (SEC-1). Lax, since a sign-in ends with a navigation from the provider. */
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Lax';

/** Name of the cookie of a sign-in under way. */
export const LOGIN_COOKIE = '__Host-login';

/** Deletes the session cookie. */
export const CLEAR_SESSION_COOKIE = clear(SESSION_COOKIE);

/** Deletes the cookie of a sign-in. */
export const CLEAR_LOGIN_COOKIE = clear(LOGIN_COOKIE);

/** Set-Cookie of a session: until the browser is closed, at most for as long as the session lasts. */
export function sessionCookie(id: string): string {
  return `${SESSION_COOKIE}=${id}; ${ATTRIBUTES}`;
}

/** Set-Cookie of a sign-in. */
export function loginCookie(value: string, lifeMs: number): string {
  return `${LOGIN_COOKIE}=${value}; Max-Age=${Math.floor(lifeMs / 1000)}; ${ATTRIBUTES}`;
}

/** The value of a cookie that came once; undefined when it came not at all or several times. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = cookieValues(header ?? '', name);
  return values.length === 1 ? values[0] : undefined;
}

function clear(name: string): string {
  return `${name}=; Max-Age=0; ${ATTRIBUTES}`;
}
