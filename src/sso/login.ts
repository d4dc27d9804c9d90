import { timingSafeEqual } from 'node:crypto';
import { readSessionCookie } from '../access/cookie-header.js';
import { basePathOf } from '../config/schema/http-settings.js';
import type { CallContext } from '../domain/call-context.js';
import type { AuthService, IssuedTokens } from './auth-service.js';
import { beginAuthorization, completeAuthorization } from './authorization-code.js';
import type { SessionPrincipals } from './cookie-sessions.js';
import type { IdentityProvider } from './identity-provider.js';
import { LOGIN_LIFE_MS, type LoginCookies, type LoginTransaction } from './login-cookies.js';
import { endedMeanwhile, exchangeFailure, protocolFailure, stateMismatch } from './login-outcome.js';
import { withStore } from './session-errors.js';
import { type SessionRecord, tokenTimes } from './session-record.js';
import { keyOf, type LogoutsSeen } from './session-registry.js';
import type { SessionStore } from './session-store.js';
import type { Sessions } from './sessions.js';
import type { SignOut } from './sign-out.js';
import type { Clock } from './steady-clock.js';
import type { VerifiedIdentity } from './verified-identity.js';

interface LoginParts {
  readonly auth: AuthService;
  readonly sessions: Sessions;
  readonly signOut: SignOut;
  readonly principals: SessionPrincipals;
  readonly store: SessionStore;
  readonly cookies: LoginCookies;
  /** Origin under which browsers reach the gateway. */
  readonly publicUrl: string;
  readonly now: Clock;
}

/** Requested parameters of a sign-in. */
type LoginWish = Pick<LoginTransaction, 'returnTo' | 'tenantId' | 'silent'>;

/** Callback from the provider. */
export interface LoginAnswer {
  /** Query of the callback, unchanged. */
  readonly query: string;
  /** Cookie header of the browser. */
  readonly cookies: string;
  readonly call: CallContext;
}

/** Signs users in at an identity provider, from the first redirect to the session. Rejects with LoginFailure. */
export class Login {
  constructor(private readonly parts: LoginParts) {}

  /** Path of the front page, the default target after a sign-in. */
  get home(): string {
    return `${basePathOf(this.parts.publicUrl)}/`;
  }

  /** Origin of the gateway, which a `returnTo` cannot leave. */
  get origin(): string {
    return new URL(this.parts.publicUrl).origin;
  }

  /**
   * Returns the URL to redirect the browser to, and the Set-Cookie values by which it is recognized when it returns.
   * @param cookieHeader Cookie header of the browser, with its other sign-ins.
   */
  async begin(
    provider: IdentityProvider,
    wish: LoginWish,
    cookieHeader: string,
  ): Promise<{ readonly url: string; readonly cookies: string[] }> {
    try {
      const { url, ...checks } = await beginAuthorization(provider, this.callbackUrl(provider), wish);
      const endsAt = this.parts.now() + LOGIN_LIFE_MS;
      const transaction = { provider: provider.name, ...checks, ...wish, endsAt };
      return { url, cookies: this.parts.cookies.add(cookieHeader, transaction) };
    } catch (error) {
      throw protocolFailure(error);
    }
  }

  /**
   * Returns the sign-in of a callback. Throws LoginFailure; a callback with an unknown state leaves all sign-ins
   * unchanged.
   */
  find(provider: IdentityProvider, { query, cookies }: LoginAnswer): LoginTransaction {
    const state = new URLSearchParams(query).get('state') ?? '';
    const transaction = this.parts.cookies.find(cookies, state);
    if (transaction === undefined) throw stateMismatch('the browser has no sign-in with this state in progress');
    if (transaction.provider !== provider.name) throw stateMismatch('the sign-in began at another provider');
    if (!isSame(state, transaction.state)) throw stateMismatch('the state differs from that of the sign-in');
    return transaction;
  }

  /** Marks a sign-in as used. Rejects if it was used before. */
  async use(transaction: LoginTransaction): Promise<void> {
    const { store, now } = this.parts;
    const use = `login:${keyOf(transaction.state)}`;
    const isFirst = await withStore(store.claim(use, 'used', transaction.endsAt - now())).catch((error: unknown) => {
      throw exchangeFailure(error);
    });
    if (!isFirst) throw stateMismatch('the sign-in has been used', transaction.returnTo);
  }

  /** Returns the Set-Cookie value that deletes the cookie of a sign-in. */
  forget(transaction: LoginTransaction): string {
    return this.parts.cookies.clear(transaction);
  }

  /** Resolves to true if the browser is signed in already, for example by another tab. */
  async isSignedIn(cookieHeader: string): Promise<boolean> {
    const sessionId = readSessionCookie(cookieHeader);
    if (!sessionId) return false;
    return (await this.parts.sessions.peek(sessionId).catch(() => undefined)) !== undefined;
  }

  /** Completes a sign-in and returns the ID of the new session. */
  async complete(
    provider: IdentityProvider,
    transaction: LoginTransaction,
    { query, call }: LoginAnswer,
  ): Promise<string> {
    const callbackUrl = new URL(`${this.callbackUrl(provider)}?${query}`);
    const identity = await completeAuthorization(provider, callbackUrl, transaction).catch((error: unknown) => {
      throw protocolFailure(error);
    });
    try {
      const owner = { issuer: identity.issuer, identity: identity.sub, providerSession: identity.sid };
      const logouts = await withStore(this.parts.sessions.registry.logoutsOf(owner));
      // Both times are by the provider's clock: the logout came after the ID token.
      if (logouts.latestAt > identity.issuedAt) throw endedMeanwhile();
      const tokens = await this.exchange(provider, { identity, tenantId: transaction.tenantId }, call);
      const record = { ...owner, provider: provider.name, ...(await this.recordOf(identity, tokens)) };
      return await this.beginSession(record, logouts, call);
    } catch (error) {
      throw exchangeFailure(error);
    }
  }

  private callbackUrl({ name }: IdentityProvider): string {
    return `${this.parts.publicUrl}/auth/${name}/callback`;
  }

  private exchange(
    provider: IdentityProvider,
    { identity, tenantId }: { readonly identity: VerifiedIdentity; readonly tenantId: string },
    call: CallContext,
  ): Promise<IssuedTokens> {
    return this.parts.auth.exchangeIdentity(call, {
      provider: provider.name,
      issuer: identity.issuer,
      subject: identity.sub,
      email: identity.email,
      emailVerified: identity.emailVerified,
      displayName: identity.name,
      tenantId,
    });
  }

  private async recordOf(
    { idToken }: VerifiedIdentity,
    { accessToken, refreshToken, expiresIn }: IssuedTokens,
  ): Promise<Omit<SessionRecord, 'provider' | 'issuer' | 'identity' | 'providerSession'>> {
    const createdAt = this.parts.now();
    const { subject, tenantId } = await this.parts.principals.of({ accessToken, createdAt });
    const times = tokenTimes(createdAt, expiresIn);
    return { idToken, createdAt, subject, tenantId, accessToken, refreshToken, ...times, generation: 0 };
  }

  private async beginSession(record: SessionRecord, logouts: LogoutsSeen, call: CallContext): Promise<string> {
    const { sessions, signOut } = this.parts;
    try {
      const surplus = await withStore(sessions.makeRoom(record));
      void signOut.endAllTokens(surplus, call);
      const id = await withStore(sessions.begin(record, logouts));
      if (id !== undefined) return id;
      throw endedMeanwhile();
    } catch (error) {
      void signOut.endAllTokens([record], call);
      throw error;
    }
  }
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
