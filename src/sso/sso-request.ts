import { GatewayError } from '../domain/errors.js';
import type { CallContext } from '../domain/call-context.js';
import { prefersPage } from '../domain/accept.js';

/** Part of a request that the sign-in routes see; created by the edge. */
export interface SsoRequest {
  readonly call: CallContext;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawQuery: string;
  readonly body?: unknown;
}

/** Returns a query parameter. Throws INVALID_ARGUMENT if it is repeated. */
export function queryParameter({ rawQuery }: SsoRequest, name: string): string | undefined {
  const [value, ...others] = new URLSearchParams(rawQuery).getAll(name);
  if (others.length === 0) return value;
  throw new GatewayError('INVALID_ARGUMENT', `${name} came twice.`, {
    errors: [{ field: name, detail: 'must be given once' }],
  });
}

/**
 * Returns true if a query parameter is present. Throws INVALID_ARGUMENT if it has another value than the expected one.
 */
export function onlyValue(request: SsoRequest, name: string, expected: string): boolean {
  const value = queryParameter(request, name);
  if (value === undefined || value === expected) return value !== undefined;
  throw new GatewayError('INVALID_ARGUMENT', `${name} must be ${expected} or absent.`, {
    errors: [{ field: name, detail: `must be ${expected}` }],
  });
}

/**
 * Throws CSRF_FAILED for a subresource or frame that a page of another origin loads, since the response would change
 * the browser's cookies (Fetch Metadata). Navigations pass, and so do browsers that do not send the headers.
 */
export function checkNavigation({ headers }: SsoRequest): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination = 'document' } = headers;
  if (mode === 'navigate' && destination === 'document') return;
  throw new GatewayError('CSRF_FAILED', 'A page of another origin can begin a sign-in only by a link.', {
    decisionReason: 'CSRF_FAILED',
  });
}

/** Returns true if a user sees the response: a navigating browser, not a script. */
export function wantsPage({ headers }: SsoRequest): boolean {
  return prefersPage(headers['accept']);
}

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
