import { Injectable, Optional } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import { Revocation, type RevocationReason } from '../domain/revocation.js';
import { Authenticator } from './authenticator.js';
import { type PresentedCredential, presentedCredential } from './credentials.js';
import { GatewayGuard, type GuardedRequest } from './gateway-guard.js';
import { authFailed, refusal } from './refusal.js';

/** Authenticates the caller. A route without a policy is not exposed; an OPEN route needs no credential. */
@Injectable()
export class AuthenticationGuard extends GatewayGuard {
  constructor(
    private readonly authenticator: Authenticator,
    @Optional() private readonly revocation?: Revocation,
  ) {
    super();
  }

  before(request: GuardedRequest): void | Promise<void> {
    const { policy } = request.call;
    if (policy === undefined) throw unknownEndpoint();
    if (policy.access !== 'OPEN') return this.authenticate(request);
    request.call.decisionReason = 'OPEN_ENDPOINT';
  }

  private authenticate(request: GuardedRequest): void | Promise<void> {
    const { call } = request;
    const begun = performance.now();
    try {
      const credential = presentedCredential(request);
      const principal = this.authenticator.identify(credential, request);
      if (principal instanceof Promise || this.revocation?.partial === true) {
        return this.finish(credential, call, principal).finally(() => (call.authnMs = performance.now() - begun));
      }
      this.admit(credential, call, principal);
      call.authnMs = performance.now() - begun;
    } catch (error) {
      throw toDenial(error);
    }
  }

  private async finish(
    credential: PresentedCredential,
    call: CallContext,
    identified: Principal | Promise<Principal>,
  ): Promise<void> {
    try {
      const principal = await identified;
      this.admit(credential, call, principal);
      if (this.revocation?.partial === true) this.refuse(credential, await this.revocation.lookUp(principal));
    } catch (error) {
      throw toDenial(error);
    }
  }

  /**
   * Accepts an identity unless it was revoked. Runs for each request, since a cached identity may have been revoked
   * meanwhile.
   */
  private admit(credential: PresentedCredential, call: CallContext, principal: Principal): void {
    this.refuse(credential, this.revocation?.verdict(principal));
    call.principal = principal;
  }

  private refuse(credential: PresentedCredential, reason: RevocationReason | undefined): void {
    if (reason === undefined) return;
    if (credential.kind === 'opaque' || credential.kind === 'api_key')
      this.authenticator.cache?.forget(credential, 'revoked');
    throw refusal(reason);
  }
}

function toDenial(error: unknown): GatewayError {
  return error instanceof GatewayError ? error : authFailed(error);
}

function unknownEndpoint(): GatewayError {
  return new GatewayError('PERMISSION_DENIED', 'This endpoint is not exposed.', { decisionReason: 'ENDPOINT_UNKNOWN' });
}
