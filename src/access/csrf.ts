import { GatewayError } from '../domain/errors.js';
import type { GuardedRequest } from './gateway-guard.js';

/** Safe methods (RFC 9110 9.2.1) that routes can have. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Rejects requests that a foreign page makes a browser send with its session cookie (OWASP CSRF). */
export class CsrfCheck {
  private readonly own: string | undefined;

  /**
   * @param publicUrl URL under which browsers reach the gateway; without it Sec-Fetch-Site decides.
   * @param allowed further origins whose pages may send requests with the cookie.
   */
  constructor(
    publicUrl: string | undefined,
    private readonly allowed: { readonly corsOrigins: readonly string[] },
  ) {
    this.own = publicUrl === undefined ? undefined : new URL(publicUrl).origin;
  }

  /**
   * Throws CSRF_FAILED for an unsafe request that may come from a foreign page. To be called only for requests with a
   * session cookie.
   */
  check({ method, headers }: Pick<GuardedRequest, 'method' | 'headers'>): void {
    if (SAFE_METHODS.has(method)) return;
    if (headers['x-csrf'] !== '1') throw csrfFailed('send the header X-CSRF: 1');
    const sameOrigin = headers['sec-fetch-site'] === 'same-origin';
    if (!sameOrigin && !this.knows(headers.origin)) throw csrfFailed('the request comes from another site');
  }

  private knows(origin: string | undefined): boolean {
    return origin !== undefined && (origin === this.own || this.allowed.corsOrigins.includes(origin));
  }
}

function csrfFailed(why: string): GatewayError {
  return new GatewayError(
    'CSRF_FAILED',
    `A request with a session cookie that changes something was refused: ${why}.`,
    {
      decisionReason: 'CSRF_FAILED',
    },
  );
}
