import { GatewayError } from '../domain/errors.js';

const MAX_LENGTH = 2048;

/** Matches visible ASCII that begins with exactly one slash, which browsers never read as another host. */
const LOCAL = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/;

/**
 * Returns the path to redirect a browser to after its sign-in, the front page by default (RFC 9700 4.11). Throws
 * INVALID_ARGUMENT for anything that could lead to another host.
 */
export function checkReturnTo(value: string | undefined, origin: string, home = '/'): string {
  if (value === undefined) return home;
  if (value.length <= MAX_LENGTH && LOCAL.test(value) && staysOn(value, origin)) return value;
  throw new GatewayError('INVALID_ARGUMENT', 'returnTo must be a path of this site, such as /reports?page=2.', {
    errors: [{ field: 'returnTo', detail: 'must be a path that begins with one slash' }],
  });
}

/** Returns true if the path stays on the origin. Dot segments can produce two slashes: `/..//host`. */
function staysOn(path: string, origin: string): boolean {
  if (!URL.canParse(path, origin)) return false;
  const url = new URL(path, origin);
  return url.origin === origin && !url.pathname.startsWith('//');
}
