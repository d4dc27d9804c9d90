import { describe, expect, it } from 'vitest';
import { type Claims, readIdentity } from './verified-identity.js';

const ISSUER = 'https://login.example.com';
const CLAIMS: Claims = { sub: 'alice', email: 'alice@acme.test', email_verified: true, name: 'Alice' };

describe('an e-mail address', () => {
  const truths = [true];
  const others = [
    'true',
    'yes',
    'YES',
    '1',
    'on',
    'y',
    'enabled',
    'false',
    '',
    1,
    0,
    false,
    null,
    undefined,
    {},
    [],
    [true],
  ];

  it.each(truths)('is verified by the boolean %j', (email_verified) => {
    expect(readIdentity(ISSUER, { ...CLAIMS, email_verified }).emailVerified).toBe(true);
  });

  it.each(others)('is not verified by %j', (email_verified) => {
    expect(readIdentity(ISSUER, { ...CLAIMS, email_verified }).emailVerified).toBe(false);
  });

  it.each([
    'https://appleid.apple.com',
    'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123',
    'https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_x',
  ])('is verified by "true" of %s, which writes text, and by no other text', (issuer) => {
    const verified = (claim: unknown) => readIdentity(issuer, { ...CLAIMS, email_verified: claim }).emailVerified;
    expect([true, 'true'].map(verified)).toEqual([true, true]);
    expect(others.filter((claim) => claim !== 'true').filter(verified)).toEqual([]);
  });

  it.each([
    'https://appleid.apple.com.evil.test',
    'http://appleid.apple.com',
    'https://evil.test/https://appleid.apple.com',
    'https://cognito-idp.evil.test/x',
    'https://cognito-idp.a.b.amazonaws.com/x',
    'https://appleid.apple.com/',
  ])('is not verified by "true" of %s', (issuer) => {
    expect(readIdentity(issuer, { ...CLAIMS, email_verified: 'true' }).emailVerified).toBe(false);
  });

  it('and whether it is verified come from one source', () => {
    const idToken = { sub: 'alice', email_verified: true };
    expect(readIdentity(ISSUER, idToken, { email: 'root@platform.test' })).toMatchObject({
      email: 'root@platform.test',
      emailVerified: false,
    });
    expect(readIdentity(ISSUER, idToken)).toMatchObject({ email: '', emailVerified: false });
  });

  it.each([null, 7, {}, `${'x'.repeat(320)}@acme.test`, 'broken \ud800@acme.test'])(
    'that cannot be one is left away: %j',
    (email) => {
      expect(readIdentity(ISSUER, { ...CLAIMS, email })).toMatchObject({ email: '', emailVerified: false });
    },
  );
});

describe('a name', () => {
  it.each([
    ['Alice', 'Alice'],
    ['', ''],
    [null, ''],
    [undefined, ''],
    [7, ''],
    [['Alice'], ''],
    ['a'.repeat(256), 'a'.repeat(256)],
    ['a'.repeat(257), 'a'.repeat(256)],
    ['a'.repeat(1_000_000), 'a'.repeat(256)],
    [`${'a'.repeat(255)}😀`, 'a'.repeat(255)],
    [`${'a'.repeat(254)}😀`, `${'a'.repeat(254)}😀`],
    [`${'a'.repeat(255)}e\u0301`, 'a'.repeat(255)],
    [`${'a'.repeat(250)}👨‍👩‍👧‍👦`, 'a'.repeat(250)],
    ['😀'.repeat(300), '😀'.repeat(128)],
    ['lone \ud800 half', 'lone \ufffd half'],
    [`e${'\u0301'.repeat(400)}`, ''],
  ])('is cut between characters and refuses nobody', (name, expected) => {
    expect(readIdentity(ISSUER, { ...CLAIMS, name }).name).toBe(expected);
  });

  it('may come from the userinfo endpoint', () => {
    expect(readIdentity(ISSUER, { sub: 'alice' }, { name: 'Alice' }).name).toBe('Alice');
  });
});

describe('what identifies a person', () => {
  it.each([
    [{ sub: undefined }],
    [{ sub: '' }],
    [{ sub: 7 }],
    [{ sub: 'x'.repeat(256) }],
    [{ sub: 'half \ud800' }],
    [{ sid: '' }],
    [{ sid: 7 }],
    [{ sid: 'x'.repeat(256) }],
    [{ sid: 'half \udc00' }],
  ])('is refused when it is not exact: %j', (change) => {
    expect(() => readIdentity(ISSUER, { ...CLAIMS, ...change })).toThrow(/sub|sid/);
  });

  it('is taken as it is', () => {
    const sub = ` Ünï ${'x'.repeat(240)}`;
    expect(readIdentity(ISSUER, { sub, sid: 's' })).toMatchObject({ issuer: ISSUER, sub, sid: 's' });
    expect(readIdentity(ISSUER, { sub }).sid).toBeUndefined();
  });
});
