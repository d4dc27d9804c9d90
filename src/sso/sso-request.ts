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
