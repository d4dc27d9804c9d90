import { GatewayError } from '../domain/errors.js';
import type { CallContext } from '../domain/call-context.js';

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

/** Whether a person looks at the answer: a browser that navigates, and no script. */
export function wantsPage({ headers }: SsoRequest): boolean {
  return headers['accept']?.includes('text/html') === true;
}
