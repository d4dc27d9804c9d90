import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isOwnHost } from '../../config/loopback.js';
import { GatewayError } from '../../domain/errors.js';
import { lowerAscii } from '../../domain/header-text.js';
import type { AdminRoute } from './admin-route.js';
import type { WorkerSettings } from './admin-messages.js';

const CHALLENGE = 'Bearer realm="gateway-admin"';
/** Browsers know no other one. */
const BROWSER_CHALLENGE = 'Basic realm="gateway-admin", charset="UTF-8"';

/** Who may call: whoever has the token, where there is one, and never a page in the browser of somebody who may. */
export class CallerCheck {
  constructor(private readonly settings: Pick<WorkerSettings, 'address' | 'name' | 'tokenHash' | 'readTokenHash'>) {}

  /** Returns what the caller may do. Throws PERMISSION_DENIED or UNAUTHENTICATED. */
  check(headers: IncomingHttpHeaders, method: string): AdminRoute['access'] {
    if (!this.isNamed(headers.host ?? '')) {
      throw new GatewayError('PERMISSION_DENIED', 'The Host header does not name this listener.');
    }
    if (isFromPage(headers, method)) {
      throw new GatewayError(
        'PERMISSION_DENIED',
        'This listener takes no requests of other web pages: type its address into the browser, or use curl.',
      );
    }
    const access = this.accessOf(headers.authorization ?? '');
    if (access !== undefined) return access;
    throw new GatewayError('UNAUTHENTICATED', 'This listener asks for GATEWAY_ADMIN_AUTH_TOKEN.', {
      headers: { 'www-authenticate': isNavigation(headers) ? BROWSER_CHALLENGE : CHALLENGE },
    });
  }

  /** A page can have its own name resolve to this listener (DNS rebinding), but it cannot change what the browser calls it. */
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

/** Hashes have one length, so that comparing them tells nothing of that of the token. */
export function hashToken(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}

/** Bearer, or the password of Basic, which is all that some tools can send. */
function tokenIn(header: string): string {
  const [, scheme = '', value = ''] = /^(bearer|basic) +([\x21-\x7e]+)$/i.exec(header) ?? [];
  if (lowerAscii(scheme) !== 'basic') return value;
  return Buffer.from(value, 'base64')
    .toString()
    .replace(/^[^:]*:?/, '');
}

/**
 * Browsers name the page behind a request, or at least say that there is one; `none` is typed into the address bar. A
 * request without an Origin is a GET, and `same-origin` then is the page of this listener: its name was checked before.
 */
function isFromPage(headers: IncomingHttpHeaders, method: string): boolean {
  const { origin, 'sec-fetch-site': site = 'none' } = headers;
  if (origin !== undefined) return true;
  return site !== 'none' && !(site === 'same-origin' && method === 'GET');
}

/** Somebody looks at the answer in a window of a browser, which then asks for the token by itself. */
function isNavigation(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] === 'navigate';
}
