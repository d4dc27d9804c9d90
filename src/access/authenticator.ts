import { Inject, Injectable, Optional } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import type { Principal } from '../domain/principal.js';
import type { SessionReader } from '../domain/session-reader.js';
import { AuthCache } from './auth-cache/auth-cache.js';
import { ClientCertificates } from './client-certificates.js';
import type { PresentedCredential } from './credentials.js';
import type { GuardedRequest } from './gateway-guard.js';
import { JwtAuthenticator } from './jwt-authenticator.js';
import { unsupportedCredential, refusal } from './refusal.js';
import { TokenCache } from './token-cache.js';
import type { CsrfCheck } from './csrf.js';

/** Authenticates a session cookie after the CSRF check. */
export class SessionAuthenticator {
  /** @param reader undefined without single sign-on. */
  constructor(
    private readonly csrf: CsrfCheck,
    private readonly reader: SessionReader | undefined,
  ) {}

  /** Returns the caller. Rejects with CSRF_FAILED, UNAUTHENTICATED or AUTH_UNAVAILABLE. */
  async authenticate(sessionId: string, request: GuardedRequest): Promise<Principal> {
    this.csrf.check(request);
    if (this.reader === undefined) throw refusal('SESSION_INVALID');
    return this.reader.read(sessionId, request.call, isPeek(request) ? 'peek' : 'use');
  }
}

/** Verifies credentials of every kind. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: JwtAuthenticator,
    private readonly sessions: SessionAuthenticator,
    private readonly certificates: ClientCertificates,
    /** Undefined in a deployment without AuthService. */
    @Optional() @Inject(AuthCache) readonly cache?: AuthCache,
  ) {}

  /**
   * Returns the caller, synchronously on a cache hit. Throws or rejects with UNAUTHENTICATED, or with AUTH_UNAVAILABLE
   * when the credential cannot be checked at present.
   */
  identify(credential: PresentedCredential, request: GuardedRequest): Principal | Promise<Principal> {
    switch (credential.kind) {
      case 'jwt':
        return this.identifyToken(credential.value, request.call);
      case 'opaque':
      case 'api_key':
        if (this.cache === undefined) throw unsupportedCredential();
        return this.cache.authenticate(credential, request.call);
      case 'session':
        return this.sessions.authenticate(credential.value, request);
      case 'certificate':
        return this.certificates.identify(request);
    }
  }

  private identifyToken(token: string, call: CallContext): Principal | Promise<Principal> {
    const key = TokenCache.key(token);
    const known = this.tokens.cache.get(key);
    if (known === undefined) return this.tokens.verify(token, key);
    call.jwtCacheHit = true;
    return known;
  }
}

function isPeek({ call, rawQuery = '' }: GuardedRequest): boolean {
  return call.policy?.peekSession === true && new URLSearchParams(rawQuery).get('peek') === '1';
}
