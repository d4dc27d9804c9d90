import { timingSafeEqual } from 'node:crypto';
import { readSessionCookie } from '../access/session-cookie.js';
import { basePathOf } from '../config/base-path.js';
import type { CallContext } from '../domain/call-context.js';
import type { AuthService, IssuedTokens } from './auth-service.js';
import { beginAuthorization, completeAuthorization } from './authorization-code.js';
import type { IdentityProvider } from './identity-provider.js';
import type { LoginCookies } from './login-cookies.js';
import { endedMeanwhile, exchangeFailure, protocolFailure, stateMismatch } from './login-outcome.js';
import { LOGIN_LIFE_MS, type LoginTransaction } from './login-transaction.js';
import { withStore } from './session-errors.js';
import type { SessionPrincipals } from './session-principals.js';
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

/** What a person who signs in wants. */
export type LoginWish = Pick<LoginTransaction, 'returnTo' | 'tenantId' | 'silent'>;

/** What the provider sent the browser back with. */
export interface LoginAnswer {
  /** Query of the callback, as it came. */
  readonly query: string;
  /** Cookie header of the browser. */
  readonly cookies: string;
  readonly call: CallContext;
}

/** Sign-in at an identity provider, from the first redirect to a session. Rejects with LoginFailure. */
export class Login {
  constructor(private readonly parts: LoginParts) {}

  /** Path of the front page, where a browser goes that was nowhere before. */
  get home(): string {
    return `${basePathOf(this.parts.publicUrl)}/`;
  }

  /** Origin of the gateway, which a browser never leaves by a `returnTo`. */
  get origin(): string {
    return new URL(this.parts.publicUrl).origin;
  }

  /**
   * Where to send the browser, and Set-Cookie lines by which it is known when it comes back.
   * @param cookieHeader what the browser has under way.
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

  /** Returns the sign-in that an answer belongs to. Throws LoginFailure: an answer with another state leaves all of them as they are. */
  find(provider: IdentityProvider, { query, cookies }: LoginAnswer): LoginTransaction {
    const state = new URLSearchParams(query).get('state') ?? '';
    const transaction = this.parts.cookies.find(cookies, state);
    if (transaction === undefined) throw stateMismatch('the browser has no sign-in with this state under way');
    if (transaction.provider !== provider.name) throw stateMismatch('the sign-in is one at another provider');
    if (!isSame(state, transaction.state)) throw stateMismatch('the state is not that of the sign-in');
    return transaction;
  }

  /** Uses a sign-in up. */
  async use(transaction: LoginTransaction): Promise<void> {
    const { store, now } = this.parts;
    const use = `login:${keyOf(transaction.state)}`;
    const isFirst = await withStore(store.claim(use, 'used', transaction.endsAt - now())).catch((error: unknown) => {
      throw exchangeFailure(error);
    });
    if (!isFirst) throw stateMismatch('the sign-in has been used', transaction.returnTo);
  }

  /** Set-Cookie line after the last step of a sign-in. */
  forget(transaction: LoginTransaction): string {
    return this.parts.cookies.clear(transaction);
  }

  /** Returns whether the browser is signed in already: another tab has done so. */
  async isSignedIn(cookieHeader: string): Promise<boolean> {
    const sessionId = readSessionCookie(cookieHeader);
    if (!sessionId) return false;
    return (await this.parts.sessions.peek(sessionId).catch(() => undefined)) !== undefined;
  }

  /** The id of a new session. */
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
      // Both times are the provider's own: the logout came after the ID token.
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
