import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isOwnHost } from '../../config/loopback.js';
import { GatewayError } from '../../domain/errors.js';
import { lowerAscii } from '../../domain/header-text.js';
import type { AdminRoute } from './admin-route.js';
import type { WorkerSettings } from './admin-messages.js';

const CHALLENGE = 'Bearer realm="gateway-admin"';
/** Challenge for browsers, which support no other scheme. */
const BROWSER_CHALLENGE = 'Basic realm="gateway-admin", charset="UTF-8"';

/** Checks callers: they need the token, if there is one, and pages in an operator's browser are refused. */
export class CallerCheck {
  constructor(private readonly settings: Pick<WorkerSettings, 'address' | 'name' | 'tokenHash' | 'readTokenHash'>) {}

  /** Returns the access of a caller. Throws PERMISSION_DENIED or UNAUTHENTICATED. */
  check(headers: IncomingHttpHeaders, method: string): AdminRoute['access'] {
    if (!this.isNamed(headers.host ?? '')) {
      throw new GatewayError('PERMISSION_DENIED', 'The Host header does not name this listener.');
    }
    if (isFromPage(headers, method)) {
      throw new GatewayError(
        'PERMISSION_DENIED',
        'This listener refuses requests from other web pages: type its address into the browser, or use curl.',
      );
    }
    const access = this.accessOf(headers.authorization ?? '');
    if (access !== undefined) return access;
    throw new GatewayError('UNAUTHENTICATED', 'This listener requires GATEWAY_ADMIN_AUTH_TOKEN.', {
      headers: { 'www-authenticate': isNavigation(headers) ? BROWSER_CHALLENGE : CHALLENGE },
    });
  }

  /**
   * Returns whether a Host header names this listener. A page can make its own name resolve to this listener (DNS
   * rebinding), but cannot change the name that the browser sends.
   */
  private isNamed(header: string): boolean {
    const [, bracketed, bare = ''] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(lowerAscii(header)) ?? [];
    const host = bracketed ?? bare;
    if (isOwnHost(host)) return true;
    if (isOwnHost(this.settings.address)) return false;
    return isIP(host) !== 0 || host === this.settings.name;
  }

  private accessOf(header: string): AdminRoute['access'] | undefined {
    const { tokenHash, readTokenHash } = this.settings;
    if (tokenHash === undefined) return 'change';
    const presented = hashToken(tokenIn(header));
    if (timingSafeEqual(presented, tokenHash)) return 'change';
    return readTokenHash !== undefined && timingSafeEqual(presented, readTokenHash) ? 'read' : undefined;
  }
}

/** Hashes a token. Hashes have equal length, so comparing them reveals nothing about the length of the token. */
export function hashToken(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}

/** Returns the token of Bearer, or the password of Basic, which is all that some tools can send. */
function tokenIn(header: string): string {
  const [, scheme = '', value = ''] = /^(bearer|basic) +([\x21-\x7e]+)$/i.exec(header) ?? [];
  if (lowerAscii(scheme) !== 'basic') return value;
  return Buffer.from(value, 'base64')
    .toString()
    .replace(/^[^:]*:?/, '');
}

/**
 * Returns whether a page caused the request. Browsers name the page, or at least say that there is one (Fetch
 * Metadata). `none` means the address bar. A request without an Origin is a GET, for which `same-origin` means a page
 * of this listener, since its name was checked before.
 */
function isFromPage(headers: IncomingHttpHeaders, method: string): boolean {
  const { origin, 'sec-fetch-site': site = 'none' } = headers;
  if (origin !== undefined) return true;
  return site !== 'none' && !(site === 'same-origin' && method === 'GET');
}

/** Returns whether a browser navigates to the response; it then asks for the token by itself. */
function isNavigation(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] === 'navigate';
}
