import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseKeySet } from './key-set.js';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const RSA = { ...publicKey.export({ format: 'jwk' }), kid: 'rsa', use: 'sig', alg: 'RS256' };
const SHORT_RSA = {
  ...generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }),
  kid: 'short',
};
const EC = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid: 'ec' };
const P384 = { ...generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }), kid: 'p384' };
const ED = { ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }), kid: 'ed' };

const kidsOf = (...keys: object[]) => [...parseKeySet(JSON.stringify({ keys })).kids];

describe('a key set', () => {
  it('gives the keys that signatures may be checked with', () => {
    expect(kidsOf(RSA, EC, ED)).toEqual(['rsa', 'ec', 'ed']);
  });

  it.each([
    ['a shared secret', { kty: 'oct', k: 'c2VjcmV0', kid: 'oct' }],
    ['an RSA key below 2048 bits', SHORT_RSA],
    ['a key for encryption', { ...RSA, kid: 'enc', use: 'enc' }],
    ['a key for signing alone', { ...RSA, kid: 'sign', key_ops: ['sign'] }],
    ['a key of another algorithm', { ...RSA, kid: 'ps', alg: 'PS256' }],
    ['another curve', P384],
    ['a private key', { ...privateKey.export({ format: 'jwk' }), kid: 'private' }],
    ['an unknown kind', { kty: 'AKP', kid: 'future' }],
    ['a point that is on no curve', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'off' }],
    ['a key without its numbers', { kty: 'RSA', kid: 'empty' }],
  ])('leaves out %s and keeps the others', (_what, key) => {
    expect(kidsOf(key, EC)).toEqual(['ec']);
  });

  it.each([
    ['no key at all', { keys: [] }, /none of its 0 keys/],
    ['none of use', { keys: [SHORT_RSA] }, /none of its 1 keys/],
    ['two keys of one name', { keys: [RSA, { ...EC, kid: 'rsa' }] }, /two keys are named "rsa"/],
    ['too many keys', { keys: Array.from({ length: 101 }, (_, index) => ({ ...EC, kid: String(index) })) }, /too_big/],
    ['no list of keys', { error: 'try again' }, /expected array/],
    ['no object', 'keys', /expected object/],
    ['keys that are none', { keys: [null] }, /expected object/],
  ])('is refused with %s', (_what, set, reason) => {
    expect(() => parseKeySet(JSON.stringify(set))).toThrow(reason);
  });

  it('knows its keys by the thumbprint of RFC 7638, section 3.1', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    const key = { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' };
    const [identity] = parseKeySet(JSON.stringify({ keys: [key] })).identities;
    expect(identity).toContain('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it('is refused when it is no JSON', () => {
    expect(() => parseKeySet('<html>')).toThrow(SyntaxError);
  });
});
