import type { Principal } from '../domain/principal.js';
import type { SessionReader } from '../domain/session-reader.js';
import type { CsrfCheck } from './csrf.js';
import type { GuardedRequest } from './guarded-request.js';
import { refusal } from './refusal.js';

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

function isPeek({ call, rawQuery = '' }: GuardedRequest): boolean {
  return call.policy?.peekSession === true && new URLSearchParams(rawQuery).get('peek') === '1';
}
