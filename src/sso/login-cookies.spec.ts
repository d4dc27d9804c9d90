import { beforeEach, describe, expect, it } from 'vitest';
import { AeadCipher } from '../redis/aead-cipher.js';
import { LOGIN_LIFE_MS, LoginCookies, type LoginTransaction } from './login-cookies.js';

const BEGUN = Date.UTC(2026, 10, 1);
const cipher = AeadCipher.of('login', ['secret'])!;
let now: number;
let cookies: LoginCookies;

beforeEach(() => {
  now = BEGUN;
  cookies = new LoginCookies(cipher, () => now);
});

function signIn(state: string, more: Partial<LoginTransaction> = {}): LoginTransaction {
  const checks = { nonce: 'n', verifier: 'v', returnTo: '/', tenantId: '', silent: false };
  return { provider: 'corp', state, ...checks, endsAt: now + LOGIN_LIFE_MS, ...more };
}

/** Returns the name and value of the cookie that a sign-in sets, as a browser sends it. */
function begin(transaction: LoginTransaction, header = ''): string {
  const [line = ''] = cookies.add(header, transaction);
  return line.slice(0, line.indexOf(';'));
}

/** Returns the names of the cookies that another sign-in deletes. */
function deletedBy(transaction: LoginTransaction, header: string): string[] {
  return cookies
    .add(header, transaction)
    .slice(1)
    .map((line) => line.slice(0, line.indexOf('=')));
}

function nameIn(pair: string): string {
  return pair.slice(0, pair.indexOf('='));
}

/** Begins sign-ins one millisecond after the other, the oldest first. */
function beginMany(count: number, more: Partial<LoginTransaction> = {}): string[] {
  return Array.from({ length: count }, (_, n) => {
    now += 1;
    return begin(signIn(`state-${n}`, more));
  });
}

describe('a sign-in of a browser', () => {
  it('lasts for ten minutes', () => {
    const [line] = cookies.add('', signIn('s'));
    expect(line).toMatch(/; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });

  it.each([
    ['is found until just before its end', LOGIN_LIFE_MS - 1, true],
    ['has ended at its end', LOGIN_LIFE_MS, false],
  ])('%s', (_, ms, isFound) => {
    const header = begin(signIn('s'));
    now += ms;
    expect(cookies.find(header, 's') !== undefined).toBe(isFound);
  });

  it('is found by its state alone', () => {
    expect(cookies.find(begin(signIn('s')), 'other')).toBeUndefined();
  });

  it('is not found when its cookie comes twice', () => {
    const pair = begin(signIn('s'));
    expect(cookies.find(`${pair}; ${pair}`, 's')).toBeUndefined();
  });

  it('is not found when another version wrote it in another form', () => {
    const name = nameIn(begin(signIn('s')));
    expect(
      cookies.find(`${name}=${cipher.seal(name, JSON.stringify({ state: 's', endsAt: now + 1 }))}`, 's'),
    ).toBeUndefined();
  });
});

describe('the cookies of a browser', () => {
  it.each([
    [6, 0],
    [7, 0],
    [8, 1],
    [9, 2],
  ])('are eight at most: a sign-in beside %i others deletes the oldest %i', (others, deleted) => {
    const pairs = beginMany(others);
    const names = deletedBy(signIn('next'), pairs.join('; '));
    expect(names.toSorted()).toEqual(pairs.slice(0, deleted).map(nameIn).toSorted());
  });

  it.each([
    ['of exactly 4096 bytes in all', 4096, 0],
    ['of four bytes more, the next size of base64', 4100, 1],
  ])('have 4096 bytes at most: sign-ins %s delete the expected number of cookies', (_, total, deleted) => {
    const others = beginMany(3);
    const bytesOf = (pairs: readonly string[]) => pairs.reduce((sum, pair) => sum + pair.length - '='.length, 0);
    const missing = total - bytesOf([...others, begin(signIn('next'))]);
    const next = signIn('next', { returnTo: `/${'a'.repeat((missing / 4) * 3)}` });
    expect(bytesOf([...others, begin(next)])).toBe(total);
    expect(deletedBy(next, others.join('; '))).toHaveLength(deleted);
  });

  it('that the gateway did not set are deleted, 32 per response', () => {
    const foreign = Array.from({ length: 40 }, (_, n) => `__Host-login-${String(n).padStart(16, '0')}=x`);
    expect(deletedBy(signIn('s'), foreign.join('; '))).toHaveLength(32);
  });

  it('that have ended are deleted, at the moment of their end', () => {
    const pair = begin(signIn('old'));
    now += LOGIN_LIFE_MS - 1;
    expect(deletedBy(signIn('s'), pair)).toEqual([]);
    now += 1;
    expect(deletedBy(signIn('s'), pair)).toEqual([nameIn(pair)]);
  });

  it('of other names stay', () => {
    expect(deletedBy(signIn('s'), '__Host-login-short=x; other=y')).toEqual([]);
  });
});
