import { createRequire } from 'node:module';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { Strategy } from 'passport-jwt';
import { describe, expect, it } from 'vitest';
import type { Principal } from '../../domain/principal.js';
import { toRefusal } from './jwt-refusal.js';
import { OWN_CLAIMS } from '../../../test/support/own-claims.js';
import { claimReaders } from './claims.js';
import { JwtStrategy } from './jwt.strategy.js';
import { RemoteKeys } from './remote-keys.js';
import { TokenVerifier, verifyByKeys, verifyBySecrets, type VerifyToken } from './token-verifier.js';

const RULES = { audience: 'api-gateway', clockToleranceMs: 30_000 };
const ISSUER = 'https://issuer.test';
const SECRET = 'the secret that is in force, 32 bytes';
const OLD_SECRET = 'the secret that is on its way out, 32';

interface Token {
  readonly key: KeyObject;
  readonly claims?: JWTPayload;
  readonly header?: Partial<JWTHeaderParameters>;
}

function sign({ key, claims = {}, header = {} }: Token): Promise<string> {
  return new SignJWT({ iss: ISSUER, aud: 'api-gateway', sub: 'alice', tenant_id: 'acme', ...claims })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .setExpirationTime('5m')
    .sign(key);
}

const byText = (secret: string) => createSecretKey(secret, 'utf8');
const secrets = (...texts: string[]) => strategyOf(verifyBySecrets(texts, RULES, ISSUER));

function strategyOf(standard: VerifyToken, issuers: ReadonlyMap<string, VerifyToken> = new Map()): JwtStrategy {
  return new JwtStrategy(new TokenVerifier(issuers, standard, claimReaders(OWN_CLAIMS, [])));
}

/** The subject of a good token, else why it is none. */
async function outcome(strategy: JwtStrategy, token: string): Promise<string | undefined> {
  return strategy.authenticateToken(token).then(
    (principal: Principal) => principal.subject,
    (error: unknown) => (toRefusal(error) as { decisionReason?: string }).decisionReason ?? String(error),
  );
}

describe('the strategy', () => {
  it('is that of passport-jwt, and makes a principal of good claims', async () => {
    const strategy = secrets(SECRET);
    expect(strategy).toBeInstanceOf(Strategy);
    const principal = await strategy.authenticateToken(await sign({ key: byText(SECRET) }));
    expect(principal).toMatchObject({ subject: 'alice', tenantId: 'acme', authMethod: 'jwt', issuer: ISSUER });
    expect(Object.isFrozen(principal)).toBe(true);
  });

  it('of one gateway does not verify for another one in the process', async () => {
    const [one, other] = [secrets(SECRET), secrets(OLD_SECRET)];
    const token = await sign({ key: byText(SECRET) });
    expect(await Promise.all([outcome(one, token), outcome(other, token), outcome(one, token)])).toEqual([
      'alice',
      'TOKEN_SIGNATURE_INVALID',
      'alice',
    ]);
  });

  it('leaves the verifier of passport-jwt as it is for the strategies of an adopter', async () => {
    const { JwtVerifier } = Strategy as unknown as { JwtVerifier: unknown };
    expect(JwtVerifier).toBe(createRequire(import.meta.url)('passport-jwt/lib/verify_jwt'));
    const token = await sign({ key: byText(SECRET) });
    const plain = new Strategy(
      { jwtFromRequest: () => token, secretOrKey: SECRET, algorithms: ['HS256'] },
      (claims: JWTPayload, done) => done(null, claims),
    );
    const claims = await new Promise<unknown>((resolve, reject) => {
      plain.success = resolve;
      plain.fail = reject;
      plain.error = reject;
      plain.authenticate({} as never, {});
    });
    expect(claims).toMatchObject({ sub: 'alice' });
  });

  it('answers a hundred tokens at once, each with its own outcome', async () => {
    const strategy = secrets(SECRET);
    const subjects = Array.from({ length: 100 }, (_, index) => `user-${index}`);
    const tokens = await Promise.all(subjects.map((sub) => sign({ key: byText(SECRET), claims: { sub } })));
    expect(await Promise.all(tokens.map((token) => outcome(strategy, token)))).toEqual(subjects);
  });
});

describe('a shared secret', () => {
  it('and the one before it are both good while the first is being rotated', async () => {
    const [fresh, old] = await Promise.all([sign({ key: byText(SECRET) }), sign({ key: byText(OLD_SECRET) })]);
    const rotating = secrets(SECRET, OLD_SECRET);
    expect(await Promise.all([fresh, old].map((token) => outcome(rotating, token)))).toEqual(['alice', 'alice']);
    expect(await outcome(secrets(SECRET), old)).toBe('TOKEN_SIGNATURE_INVALID');
  });

  it('tells of a good signature by the old secret what else is wrong with the token', async () => {
    const token = await sign({ key: byText(OLD_SECRET), claims: { aud: 'other' } });
    expect(await outcome(secrets(SECRET, OLD_SECRET), token)).toBe('TOKEN_AUDIENCE');
  });

  it.each(['HS384', 'HS512'])('does not verify %s', async (alg) => {
    const key = byText(SECRET + SECRET);
    expect(await outcome(secrets(SECRET + SECRET), await sign({ key, header: { alg } }))).toBe('TOKEN_ALG_REJECTED');
  });
});

describe('a header by which a token brings its own key or rules is refused', () => {
  it.each([
    ['jku', 'https://evil.test/jwks.json'],
    ['jwk', { kty: 'oct', k: 'AAAA' }],
    ['x5u', 'https://evil.test/cert.pem'],
    ['x5c', ['MIIB']],
  ])('%s', async (name, value) => {
    const token = await sign({ key: byText(SECRET), header: { [name]: value } });
    expect(await outcome(secrets(SECRET), token)).toBe('MALFORMED_CREDENTIALS');
  });
});

describe('the time of issue', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const rows: [string, () => JWTPayload, string][] = [
    ['that is absent', () => ({}), 'alice'],
    ['in the past', () => ({ iat: now() - 3600 }), 'alice'],
    ['ahead by less than clocks may differ', () => ({ iat: now() + 20 }), 'alice'],
    ['ahead by more than that', () => ({ iat: now() + 40 }), 'TOKEN_NOT_YET_VALID'],
    ['far ahead', () => ({ iat: now() + 10 * 365 * 86_400 }), 'TOKEN_NOT_YET_VALID'],
    ['in milliseconds', () => ({ iat: Date.now() }), 'TOKEN_NOT_YET_VALID'],
    ['that is not a number', () => ({ iat: 'now' as never }), 'TOKEN_NOT_YET_VALID'],
  ];
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const text = JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k' }] });

  it.each(rows)('%s, of a token by a shared secret', async (_what, claims, expected) => {
    expect(await outcome(secrets(SECRET), await sign({ key: byText(SECRET), claims: claims() }))).toBe(expected);
  });

  it.each(rows)('%s, of a token by a published key', async (_what, claims, expected) => {
    const listener = { succeeded: () => {}, failed: () => {}, withdrawn: () => {} };
    const fetchKeys = () => Promise.resolve({ text, date: null });
    const keys = new RemoteKeys({
      url: '',
      ttlMs: 60_000,
      hardGraceMs: 0,
      listener,
      fetchKeys,
      schedule: () => () => {},
    });
    keys.start();
    const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k' };
    const token = await sign({ key: pair.privateKey, header, claims: claims() });
    expect(await outcome(strategyOf(verifyByKeys(keys, RULES, ISSUER)), token)).toBe(expected);
  });
});

describe('several issuers', () => {
  const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const theirs = generateKeyPairSync('ed25519');
  const THEIRS = 'https://login.test';

  async function strategy(): Promise<JwtStrategy> {
    const own = verifyByKeys(await published('ours', ours.publicKey), RULES, ISSUER);
    const other = verifyByKeys(await published('theirs', theirs.publicKey), RULES, THEIRS);
    return strategyOf(own, new Map([[THEIRS, other]]));
  }

  const signed = (pair: typeof ours, header: JWTHeaderParameters, iss: string) =>
    sign({ key: pair.privateKey, header: { typ: 'at+jwt', ...header }, claims: { iss } });

  it('are each verified with their own keys and algorithms', async () => {
    const verifier = await strategy();
    expect(await outcome(verifier, await signed(ours, { alg: 'ES256', kid: 'ours' }, ISSUER))).toBe('alice');
    expect(await outcome(verifier, await signed(theirs, { alg: 'EdDSA', kid: 'theirs' }, THEIRS))).toBe('alice');
  });

  it('cannot sign for one another', async () => {
    const verifier = await strategy();
    const forged = [
      await signed(theirs, { alg: 'EdDSA', kid: 'theirs' }, ISSUER),
      await signed(ours, { alg: 'ES256', kid: 'ours' }, THEIRS),
      await signed(ours, { alg: 'ES256', kid: 'ours' }, 'https://nobody.test'),
    ];
    expect(await Promise.all(forged.map((token) => outcome(verifier, token)))).toEqual([
      'SIGNING_KEY_MISSING',
      'SIGNING_KEY_MISSING',
      'TOKEN_ISSUER',
    ]);
  });

  it('sign access tokens; an id_token opens nothing', async () => {
    const token = await signed(ours, { alg: 'ES256', kid: 'ours', typ: 'JWT' }, ISSUER);
    expect(await outcome(await strategy(), token)).toBe('MALFORMED_CREDENTIALS');
  });

  it('that are away make an outage of their tokens, where passport alone would say 401', async () => {
    const away = verifyByKeys(
      remoteKeys(() => Promise.reject(new Error('down'))),
      RULES,
      ISSUER,
    );
    const token = await signed(ours, { alg: 'ES256', kid: 'ours' }, ISSUER);
    expect(await outcome(strategyOf(away), token)).toBe('AUTH_UPSTREAM_UNAVAILABLE');
  });

  it('refuse tokens of an unknown key by their header alone, all with one error, once they were asked for it', async () => {
    const verifier = await strategy();
    const unknown = await signed(ours, { alg: 'ES256', kid: 'made-up' }, ISSUER);
    expect(await outcome(verifier, unknown)).toBe('SIGNING_KEY_MISSING');
    const refusals = [unknown, `${unknown.slice(0, unknown.indexOf('.'))}.e30.AA`].map((token) =>
      verifier.authenticateToken(token).catch((error: unknown) => error),
    );
    const [one, other] = await Promise.all(refusals);
    expect(one).toMatchObject({ code: 'UNAUTHENTICATED', decisionReason: 'SIGNING_KEY_MISSING' });
    expect(other).toBe(one);
    expect(await outcome(verifier, await signed(ours, { alg: 'ES256', kid: 'ours' }, ISSUER))).toBe('alice');
    const ofOther = await signed(theirs, { alg: 'EdDSA', kid: 'theirs' }, THEIRS);
    expect(await outcome(verifier, ofOther)).toBe('alice');
  });

  it.each<[string, Partial<JWTHeaderParameters>, string]>([
    ['an algorithm that is not allowed', { alg: 'HS256' }, 'TOKEN_ALG_REJECTED'],
    ['a key of its own', { alg: 'ES256', jku: 'https://nobody.test' }, 'MALFORMED_CREDENTIALS'],
  ])('say what else is wrong with a token of an unknown key: %s', async (_what, header, expected) => {
    const verifier = await strategy();
    await outcome(verifier, await signed(ours, { alg: 'ES256', kid: 'made-up' }, ISSUER));
    const key = header.alg === 'HS256' ? byText(SECRET) : ours.privateKey;
    const token = await sign({ key, header: { typ: 'at+jwt', kid: 'made-up', ...header }, claims: { iss: ISSUER } });
    expect(await outcome(verifier, token)).toBe(expected);
  });

  async function published(kid: string, key: KeyObject): Promise<RemoteKeys> {
    const text = JSON.stringify({ keys: [{ ...key.export({ format: 'jwk' }), kid }] });
    const keys = remoteKeys(() => Promise.resolve({ text, date: null }));
    keys.start();
    return keys;
  }

  function remoteKeys(fetchKeys: () => Promise<{ text: string; date: null }>): RemoteKeys {
    const listener = { succeeded: () => {}, failed: () => {}, withdrawn: () => {} };
    const schedule = () => () => {};
    return new RemoteKeys({ url: '', ttlMs: 60_000, hardGraceMs: 0, listener, fetchKeys, schedule });
  }
});
