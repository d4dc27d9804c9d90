import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { GatewayError } from '../domain/errors.js';
import { prefersPage } from '../domain/accept.js';

/** Maximum length of the path to return to after sign-in. */
const MAX_RETURN_LENGTH = 2048;

/**
 * Redirects people to sign in where scripts and programs get a 401, because a navigating browser cannot handle a
 * problem document.
 */
@Injectable()
export class SignInRedirect {
  /** Path of the sign-in page; undefined without providers. With several providers the front page offers the choice. */
  private readonly page: string | undefined;

  constructor(@Inject(GATEWAY_CONFIG) { sso, server }: GatewayConfig) {
    const [first, ...others] = sso.providers.keys();
    // An absolute URL, since a session that began under another host name of the gateway would not be valid under this
    // one.
    if (first !== undefined) this.page = `${server.publicUrl}/${others.length === 0 ? `auth/${first}/login` : ''}`;
  }

  /** Returns where to sign in; undefined for everything but a person without a session. */
  locationFor(request: FastifyRequest, error: GatewayError): string | undefined {
    if (this.page === undefined || error.code !== 'UNAUTHENTICATED' || !isNavigation(request)) return undefined;
    const { rawPath, rawQuery } = request;
    const path = request.call.basePath + rawPath;
    const target = rawQuery === '' ? path : `${path}?${rawQuery}`;
    return target.length > MAX_RETURN_LENGTH ? this.page : `${this.page}?returnTo=${encodeURIComponent(target)}`;
  }
}

/** Returns whether a person follows a link without any other credential. */
function isNavigation({ method, headers }: FastifyRequest): boolean {
  const isPage = headers['sec-fetch-mode'] === 'navigate' && prefersPage(headers.accept);
  const isSafe = method === 'GET' || method === 'HEAD';
  return isSafe && isPage && headers.authorization === undefined && headers['x-api-key'] === undefined;
}
