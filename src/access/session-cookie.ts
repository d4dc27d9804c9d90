/** Name of the session cookie. The prefix keeps other hosts and plain http from setting it (RFC 6265bis 4.1.3.2). */
export const SESSION_COOKIE = '__Host-sid';

const PREFIX = `${SESSION_COOKIE}=`;
const SESSION_ID = /^[A-Za-z0-9._~-]{1,256}$/;

/** The session id of a Cookie header: undefined when it has none, an empty text when it has several or one that is none. */
export function readSessionCookie(cookie: string): string | undefined {
  if (!cookie.includes(PREFIX)) return undefined;
  const values = cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(PREFIX))
    .map((pair) => pair.slice(PREFIX.length));
  const [value, ...others] = values;
  if (value === undefined) return undefined;
  return others.length === 0 && SESSION_ID.test(value) ? value : '';
}
