import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isOwnHost } from '../../config/loopback.js';
import { GatewayError } from '../../domain/errors.js';
import { lowerAscii } from '../../domain/header-text.js';
import type { WorkerSettings } from './admin-messages.js';

const CHALLENGE = 'Bearer realm="gateway-admin"';

/** Who may call: whoever has the token, where there is one, and never a page in the browser of somebody who may. */
export class CallerCheck {
  constructor(private readonly settings: Pick<WorkerSettings, 'address' | 'name' | 'tokenHash'>) {}

  /** Throws PERMISSION_DENIED or UNAUTHENTICATED. */
  check(headers: IncomingHttpHeaders): void {
    if (!this.isNamed(headers.host ?? '')) {
      throw new GatewayError('PERMISSION_DENIED', 'The Host header does not name this listener.');
    }
    if (isFromPage(headers)) {
      throw new GatewayError('PERMISSION_DENIED', 'This listener takes no requests of web pages.');
    }
    if (!this.hasToken(headers.authorization ?? '')) {
      throw new GatewayError('UNAUTHENTICATED', 'This listener asks for GATEWAY_ADMIN_AUTH_TOKEN.', {
        headers: { 'www-authenticate': CHALLENGE },
      });
    }
  }

  /** A page can have its own name resolve to this listener (DNS rebinding), but it cannot change what the browser calls it. */
  private isNamed(header: string): boolean {
    const [, bracketed, bare = ''] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(lowerAscii(header)) ?? [];
    const host = bracketed ?? bare;
    if (isOwnHost(host)) return true;
    if (isOwnHost(this.settings.address)) return false;
    return isIP(host) !== 0 || host === this.settings.name;
  }

  private hasToken(header: string): boolean {
    const { tokenHash } = this.settings;
    return tokenHash === undefined || timingSafeEqual(hashToken(tokenIn(header)), tokenHash);
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

/** Browsers name the page behind a request, or at least say that there is one; `none` is typed into the address bar. */
function isFromPage({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  return origin !== undefined || (site !== undefined && site !== 'none');
}
