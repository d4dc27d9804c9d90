import { GatewayError } from '../domain/errors.js';
import type { CallContext } from '../domain/call-context.js';
import { prefersPage } from '../domain/accept.js';

/** What the routes of sign-in see of a request; the edge makes it. */
export interface SsoRequest {
  readonly call: CallContext;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawQuery: string;
  readonly body?: unknown;
}

/** A query parameter that may come once. Throws INVALID_ARGUMENT when it came twice. */
export function queryParameter({ rawQuery }: SsoRequest, name: string): string | undefined {
  const [value, ...others] = new URLSearchParams(rawQuery).getAll(name);
  if (others.length === 0) return value;
  throw new GatewayError('INVALID_ARGUMENT', `${name} came twice.`, {
    errors: [{ field: name, detail: 'must come once' }],
  });
}

/** Throws INVALID_ARGUMENT for a query parameter that is there and has another value. True when it is there. */
export function onlyValue(request: SsoRequest, name: string, expected: string): boolean {
  const value = queryParameter(request, name);
  if (value === undefined || value === expected) return value !== undefined;
  throw new GatewayError('INVALID_ARGUMENT', `${name} may be ${expected}, or absent.`, {
    errors: [{ field: name, detail: `must be ${expected}` }],
  });
}

/**
 * Throws CSRF_FAILED for what a page loads without its person going anywhere, a picture or a frame of another origin:
 * it would change the browser's cookies (Fetch Metadata). A browser that says nothing of it passes, as does every link.
 */
export function checkNavigation({ headers }: SsoRequest): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination = 'document' } = headers;
  if (mode === 'navigate' && destination === 'document') return;
  throw new GatewayError('CSRF_FAILED', 'A page of another origin may begin a sign-in by a link, and not otherwise.', {
    decisionReason: 'CSRF_FAILED',
  });
}

/** Whether a person looks at the answer: a browser that navigates, and no script. */
export function wantsPage({ headers }: SsoRequest): boolean {
  return prefersPage(headers['accept']);
}
