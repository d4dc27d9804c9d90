import { z } from 'zod';
import { cookiePairs, cookieValues } from '../access/cookie-header.js';
import type { AeadCipher } from '../redis/aead-cipher.js';
import { clearCookie, endingCookie } from './cookies.js';
import { keyOf } from './session-registry.js';
import type { Clock } from './steady-clock.js';

/** Maximum time from the first step of a sign-in to its last, in ms. */
export const LOGIN_LIFE_MS = 600_000;

const LoginTransaction = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  /** PKCE code verifier (RFC 7636), without which the code is useless. */
  verifier: z.string(),
  returnTo: z.string(),
  /** Empty if no tenant was requested. */
  tenantId: z.string(),
  /** True for `prompt=none`: the user never sees a page of the gateway, whatever the outcome. */
  silent: z.boolean(),
  /** Unix ms. */
  endsAt: z.number(),
});

/**
 * Sign-in in progress. It is stored in a cookie of the browser that began it, so that no other browser can complete it.
 */
export type LoginTransaction = z.infer<typeof LoginTransaction>;

/** Parses a stored sign-in; undefined for a format that another version wrote. */
function parseTransaction(text: string): LoginTransaction | undefined {
  const transaction = LoginTransaction.safeParse(JSON.parse(text));
  return transaction.success ? transaction.data : undefined;
}

const PREFIX = '__Host-login-';
const ID_LENGTH = 16;
const NAME = /^__Host-login-[A-Za-z0-9_-]{16}$/;

/**
 * Limits of the concurrent sign-ins of a browser, in number and in bytes: their cookies come with each of its requests.
 */
const MAX_COOKIES = 8;
const MAX_BYTES = 4096;
/** Maximum number of cookies that one response deletes. */
const MAX_CLEARED = 32;

interface LoginCookie {
  readonly name: string;
  readonly bytes: number;
  /** Unix ms; 0 for a cookie that was not sealed by this gateway. */
  readonly endsAt: number;
}

/** Sign-ins that a browser has in progress, each in its own cookie: users sign in in several tabs. */
export class LoginCookies {
  /** @param now returns Unix ms. */
  constructor(
    private readonly cipher: AeadCipher,
    private readonly now: Clock,
  ) {}

  /**
   * Returns the Set-Cookie values of a new sign-in: its own, and one for each older sign-in that does not fit beside
   * it.
   */
  add(cookieHeader: string, transaction: LoginTransaction): string[] {
    const name = nameOf(transaction.state);
    const value = this.cipher.seal(name, JSON.stringify(transaction));
    const dropped = this.surplus(cookieHeader, name.length + value.length);
    return [endingCookie(name, value, LOGIN_LIFE_MS), ...dropped.slice(0, MAX_CLEARED).map(clearCookie)];
  }

  /** Returns the sign-in with a state. Undefined if this browser has none, or began it too long ago. */
  find(cookieHeader: string, state: string): LoginTransaction | undefined {
    const name = nameOf(state);
    const [value, ...others] = cookieValues(cookieHeader, name);
    const transaction = value === undefined || others.length > 0 ? undefined : this.open(name, value);
    return transaction !== undefined && transaction.endsAt > this.now() ? transaction : undefined;
  }

  /** Returns the Set-Cookie value that deletes the cookie of a sign-in. */
  clear({ state }: LoginTransaction): string {
    return clearCookie(nameOf(state));
  }

  /**
   * Returns the names of the oldest cookies, and of all that the gateway did not set, until the rest leaves room for a
   * new one.
   */
  private surplus(cookieHeader: string, bytes: number): string[] {
    const newestFirst = this.cookiesIn(cookieHeader).toSorted((one, other) => other.endsAt - one.endsAt);
    const dropped: string[] = [];
    let [count, total] = [1, bytes];
    for (const cookie of newestFirst) {
      const fits = cookie.endsAt > this.now() && count < MAX_COOKIES && total + cookie.bytes <= MAX_BYTES;
      if (!fits) dropped.push(cookie.name);
      else [count, total] = [count + 1, total + cookie.bytes];
    }
    return dropped;
  }

  private cookiesIn(cookieHeader: string): LoginCookie[] {
    if (!cookieHeader.includes(PREFIX)) return [];
    const pairs = new Map(cookiePairs(cookieHeader).filter(([name]) => NAME.test(name)));
    return [...pairs].map(([name, value]) => ({
      name,
      bytes: name.length + value.length,
      endsAt: this.open(name, value)?.endsAt ?? 0,
    }));
  }

  private open(name: string, value: string): LoginTransaction | undefined {
    const text = this.cipher.open(name, value);
    return text === undefined ? undefined : parseTransaction(text);
  }
}

/** Returns the name of a cookie: a hash, so that the name does not reveal the state. */
function nameOf(state: string): string {
  return PREFIX + keyOf(state).slice(0, ID_LENGTH);
}
