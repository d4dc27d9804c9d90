import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { GatewayError } from '../domain/errors.js';
import { prefersPage } from '../domain/accept.js';

/** Longest path that is come back to. */
const MAX_RETURN_LENGTH = 2048;

/** Sends people to sign in where scripts and programs get a 401: a browser that navigates can do nothing with a problem. */
@Injectable()
export class SignInRedirect {
  /** Where to sign in; undefined where nobody can. With several providers the front page lets people choose. */
  private readonly page: string | undefined;

  constructor(@Inject(GATEWAY_CONFIG) { sso, server }: GatewayConfig) {
    const [first, ...others] = sso.providers.keys();
    // Whole, since a session begun under another name of the gateway would not be known under this one.
    if (first !== undefined) this.page = `${server.publicUrl}/${others.length === 0 ? `auth/${first}/login` : ''}`;
  }

  /** Undefined for everything but a person without a session. */
  locationFor(request: FastifyRequest, error: GatewayError): string | undefined {
    if (this.page === undefined || error.code !== 'UNAUTHENTICATED' || !isNavigation(request)) return undefined;
    const { rawPath, rawQuery } = request;
    const path = request.call.basePath + rawPath;
    const target = rawQuery === '' ? path : `${path}?${rawQuery}`;
    return target.length > MAX_RETURN_LENGTH ? this.page : `${this.page}?returnTo=${encodeURIComponent(target)}`;
  }
}

/** A person follows a link, and no other credential was refused. */
function isNavigation({ method, headers }: FastifyRequest): boolean {
  const isPage = headers['sec-fetch-mode'] === 'navigate' && prefersPage(headers.accept);
  const isSafe = method === 'GET' || method === 'HEAD';
  return isSafe && isPage && headers.authorization === undefined && headers['x-api-key'] === undefined;
}
