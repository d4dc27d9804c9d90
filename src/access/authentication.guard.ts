import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import { readBearer } from './bearer.js';
import { guardedRequest } from './guarded-request.js';
import { JwtAuthenticator, refusal } from './jwt-authenticator.js';
import { TokenCache } from './token-cache.js';

/** Says who is calling. A route without a policy lets nobody in; an open one asks for nothing. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(private readonly authenticator: JwtAuthenticator) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { call, headers } = guardedRequest(context);
    if (call.policy === undefined) throw unknownEndpoint();
    if (call.policy.access === 'OPEN') {
      call.decisionReason = 'OPEN_ENDPOINT';
      return true;
    }
    return this.authenticate(call, headers.authorization);
  }

  private authenticate(call: CallContext, authorization: string | undefined): boolean | Promise<boolean> {
    const begun = performance.now();
    const credential = readBearer(authorization);
    if (credential.kind === 'none') throw missingCredentials();
    if (credential.kind === 'malformed') throw refusal('MALFORMED_CREDENTIALS');
    const key = TokenCache.key(credential.token);
    const cached = this.authenticator.cache.get(key);
    if (cached === undefined) return this.verify(call, credential.token, key);
    call.principal = cached;
    call.jwtCacheHit = true;
    call.authnMs = performance.now() - begun;
    return true;
  }

  private async verify(call: CallContext, token: string, key: string): Promise<boolean> {
    const begun = performance.now();
    try {
      call.principal = await this.authenticator.verify(token, key);
      return true;
    } finally {
      call.authnMs = performance.now() - begun;
    }
  }
}

function unknownEndpoint(): GatewayError {
  return new GatewayError('PERMISSION_DENIED', 'This endpoint is not exposed.', { decisionReason: 'ENDPOINT_UNKNOWN' });
}

function missingCredentials(): GatewayError {
  return new GatewayError('UNAUTHENTICATED', 'Authentication is required: send Authorization: Bearer <access token>.', {
    decisionReason: 'NO_CREDENTIALS',
    headers: { 'www-authenticate': 'Bearer' },
  });
}
