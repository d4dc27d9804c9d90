import { timingSafeEqual } from 'node:crypto';
import type { CallContext } from '../domain/call-context.js';
import type { SealedBox } from '../redis/sealed-box.js';
import type { AuthService, IssuedTokens } from './auth-service.js';
import { beginAuthorization, completeAuthorization, type VerifiedIdentity } from './authorization-code.js';
import type { IdentityProvider } from './identity-provider.js';
import { exchangeFailure, protocolFailure, stateMismatch } from './login-outcome.js';
import { LOGIN_LIFE_MS, type LoginTransaction, openTransaction, sealTransaction } from './login-transaction.js';
import { withStore } from './session-errors.js';
import type { SessionPrincipals } from './session-principals.js';
import { tokenTimes } from './session-record.js';
import type { Clock } from './session-renewal.js';
import type { SessionStore } from './session-store.js';
import { keyOf, type Sessions } from './sessions.js';

interface LoginParts {
  readonly auth: AuthService;
  readonly sessions: Sessions;
  readonly principals: SessionPrincipals;
  readonly store: SessionStore;
  readonly box: SealedBox;
  /** Origin under which browsers reach the gateway. */
  readonly publicUrl: string;
  readonly now: Clock;
}

/** What the provider sent the browser back with. */
export interface LoginAnswer {
  /** Query of the callback, as it came. */
  readonly query: string;
  /** Cookie of the sign-in. */
  readonly cookie: string | undefined;
  readonly call: CallContext;
}

/** Sign-in at an identity provider, from the first redirect to a session. Rejects with LoginFailure. */
export class Login {
  constructor(private readonly parts: LoginParts) {}

  /** Origin of the gateway, which a browser never leaves by a `returnTo`. */
  get origin(): string {
    return new URL(this.parts.publicUrl).origin;
  }

  /** Where to send the browser, and the cookie by which it is known when it comes back. */
  async begin(
    provider: IdentityProvider,
    wish: Pick<LoginTransaction, 'returnTo' | 'tenantId'>,
  ): Promise<{ readonly url: string; readonly cookie: string }> {
    try {
      const { url, ...checks } = await beginAuthorization(provider, this.callbackUrl(provider));
      const endsAt = this.parts.now() + LOGIN_LIFE_MS;
      const cookie = sealTransaction(this.parts.box, { provider: provider.name, ...checks, ...wish, endsAt });
      return { url, cookie };
    } catch (error) {
      throw protocolFailure(error);
    }
  }

  /** The id of a new session, and where the browser wanted to go. */
  async complete(
    provider: IdentityProvider,
    answer: LoginAnswer,
  ): Promise<{ readonly sessionId: string; readonly returnTo: string }> {
    const transaction = await this.transactionOf(provider, answer);
    const callbackUrl = new URL(`${this.callbackUrl(provider)}?${answer.query}`);
    const identity = await completeAuthorization(provider, callbackUrl, transaction).catch((error: unknown) => {
      throw protocolFailure(error);
    });
    try {
      const tokens = await this.exchange(provider, { identity, tenantId: transaction.tenantId }, answer.call);
      const sessionId = await withStore(this.beginSession(provider, identity, tokens));
      return { sessionId, returnTo: transaction.returnTo };
    } catch (error) {
      throw exchangeFailure(error);
    }
  }

  private callbackUrl({ name }: IdentityProvider): string {
    return `${this.parts.publicUrl}/auth/${name}/callback`;
  }

  /** The sign-in that an answer belongs to, used up. An answer with another state leaves it as it is. */
  private async transactionOf(provider: IdentityProvider, { query, cookie }: LoginAnswer): Promise<LoginTransaction> {
    const { box, store, now } = this.parts;
    if (cookie === undefined) throw stateMismatch('no sign-in cookie came');
    const transaction = openTransaction(box, cookie, now());
    if (transaction?.provider !== provider.name) throw stateMismatch('the sign-in cookie holds none for this provider');
    if (!hasState(query, transaction.state)) throw stateMismatch('the state is not that of the sign-in');
    const use = `login:${keyOf(transaction.state)}`;
    const isFirst = await withStore(store.claim(use, 'used', transaction.endsAt - now())).catch((error: unknown) => {
      throw exchangeFailure(error);
    });
    if (!isFirst) throw stateMismatch('the sign-in has been used');
    return transaction;
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
      emailVerified: identity.email_verified,
      displayName: identity.name,
      tenantId,
    });
  }

  private async beginSession(
    provider: IdentityProvider,
    identity: VerifiedIdentity,
    { accessToken, refreshToken, expiresIn }: IssuedTokens,
  ): Promise<string> {
    const { principals, sessions, now } = this.parts;
    const { subject, tenantId } = await principals.of(accessToken);
    return sessions.begin({
      provider: provider.name,
      issuer: identity.issuer,
      identity: identity.sub,
      providerSession: identity.sid,
      idToken: identity.idToken,
      createdAt: now(),
      subject,
      tenantId,
      accessToken,
      refreshToken,
      ...tokenTimes(now(), expiresIn),
      generation: 0,
    });
  }
}

function hasState(query: string, expected: string): boolean {
  const given = Buffer.from(new URLSearchParams(query).get('state') ?? '');
  const wanted = Buffer.from(expected);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
