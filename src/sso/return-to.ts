import { GatewayError } from '../domain/errors.js';

const MAX_LENGTH = 2048;

/** Visible ASCII that begins with one slash: what a browser would read as another host is not among it. */
const LOCAL = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/;

/**
 * Where to send a browser after its sign-in: a path of this host, the front page when none was asked for (RFC 9700 4.11).
 * Throws INVALID_ARGUMENT for anything that could lead elsewhere.
 */
export function checkReturnTo(value: string | undefined, origin: string, home = '/'): string {
  if (value === undefined) return home;
  if (value.length <= MAX_LENGTH && LOCAL.test(value) && staysOn(value, origin)) return value;
  throw new GatewayError('INVALID_ARGUMENT', 'returnTo must be a path of this site, such as /reports?page=2.', {
    errors: [{ field: 'returnTo', detail: 'must be a path that begins with one slash' }],
  });
}

/** Dot segments can still make two slashes of it: `/..//host`. */
function staysOn(path: string, origin: string): boolean {
  if (!URL.canParse(path, origin)) return false;
  const url = new URL(path, origin);
  return url.origin === origin && !url.pathname.startsWith('//');
}
