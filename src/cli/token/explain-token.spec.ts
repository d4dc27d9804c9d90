import { Readable } from 'node:stream';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { describe, expect, test } from 'vitest';
import { run } from '../program.js';
import { readBounded } from '../standard-input.js';

const SECRET = 'a secret of more than 32 bytes, really';
const ISSUER = 'https://issuer.test';
const ENV = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: SECRET,
  JWT_ISSUER: ISSUER,
  JWT_AUDIENCE: 'api-gateway',
};
const NOW = Math.floor(Date.now() / 1000);
const CLAIMS = { iss: ISSUER, sub: 'alice', aud: 'api-gateway', exp: NOW + 600, iat: NOW, tenant_id: 'acme' };

function sign(claims: JWTPayload = {}, secret = SECRET): Promise<string> {
  const payload = Object.fromEntries(
    Object.entries({ ...CLAIMS, ...claims }).filter(([, value]) => value !== undefined),
  );
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret));
}

async function explain(token: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    read: () => readBounded(Readable.from([Buffer.from(`${token}\n`)])),
  };
  const exitCode = await run(['token', 'explain', ...args], terminal, { ...ENV, ...env });
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

test('a good token passes each check, and neither it nor its signature is printed', async () => {
  const token = await sign({ permissions: ['user.read'], roles: ['admin'] });
  const { exitCode, out, err } = await explain(token);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  for (const check of ['alg', 'signature', 'iss', 'aud', 'exp', 'iat', 'sub', 'tenant_id']) {
    expect(out).toMatch(new RegExp(`^ok +${check} `, 'm'));
  }
  expect(out).toMatch(/^info +permissions +user\.read$/m);
  expect(out).toMatch(/the gateway accepts it$/);
  for (const part of token.split('.')) expect(out).not.toContain(part);
});

test.each<[string, string, () => Promise<string> | string, RegExp]>([
  ['expired', 'exp', () => sign({ exp: NOW - 3600 }), /ago\); refresh the token/],
  ['for another audience', 'aud', () => sign({ aud: 'billing' }), /billing is not this gateway; ask the issuer/],
  ['of another issuer', 'iss', () => sign({ iss: `${ISSUER}/` }), /is not trusted; the gateway expects/],
  ['not valid yet', 'nbf', () => sign({ nbf: NOW + 3600 }), /; wait, or synchronize/],
  ['issued in the future', 'iat', () => sign({ iat: NOW + 3600 }), /the clock of the issuer is ahead/],
  [
    'signed with another secret',
    'signature',
    () => sign({}, 'another secret of more than 32 bytes'),
    /compare JWT_SECRET/,
  ],
  ['unsigned', 'alg', () => new UnsecuredJWT(CLAIMS).encode(), /"none" is not accepted/],
  ['without an end', 'exp', () => sign({ exp: undefined } as never), /it is missing/],
  ['not a token', 'form', () => 'sk-live-0123456789', /not a signed JWT: 1 part of 3/],
])('a token that is %s fails in %s', async (_, check, token, reason) => {
  const { exitCode, out } = await explain(await token());
  expect(exitCode).toBe(1);
  expect(out).toMatch(new RegExp(`^FAIL +${check} +.*${reason.source}`, 'm'));
  expect(out).toContain('the gateway refuses it: 401');
});

describe('claims that the settings name', () => {
  const MAPPED = {
    GATEWAY_JWT_CLAIM_TENANT: 'org.id',
    GATEWAY_JWT_CLAIM_PERMISSIONS: 'scope',
    GATEWAY_JWT_CLAIM_AUDIENCE: 'client_id',
    GATEWAY_JWT_ISSUER_TENANTS: `${ISSUER}=acme`,
  };
  const GOOD = { aud: undefined, client_id: 'api-gateway', org: { id: 'acme' }, scope: 'user.read' } as never;

  test('are those that are shown', async () => {
    const { exitCode, out } = await explain(await sign(GOOD), [], MAPPED);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^ok +client_id +api-gateway$/m);
    expect(out).toMatch(/^ok +org\.id +acme$/m);
    expect(out).toMatch(/^info +permissions +user\.read$/m);
  });

  test.each<[string, object, RegExp]>([
    [
      'of the wrong kind',
      { scope: 7 },
      /^FAIL +claims +the claim scope is a number, not a list of strings; docs\/tokens\.md/m,
    ],
    [
      'that name a tenant of others',
      { org: { id: 'globex' } },
      /^FAIL +claims +the claim org\.id names a tenant that the issuer/m,
    ],
    ['that name another audience', { client_id: 'x' }, /^FAIL +client_id +x is not this gateway/m],
  ])('%s fail by their name', async (_what, claims, line) => {
    const { exitCode, out } = await explain(await sign({ ...(GOOD as object), ...claims } as never), [], MAPPED);
    expect(exitCode).toBe(1);
    expect(out).toMatch(line);
  });
});

test('a token on the command line is taken with a warning, and one with its scheme too', async () => {
  const token = await sign();
  const { exitCode, err, out } = await explain('', [token]);
  expect(exitCode).toBe(0);
  expect(err).toContain('warning: arguments are visible to other users');
  expect(out + err).not.toContain(token.split('.')[2]);
  expect((await explain(`Authorization: Bearer ${token}`, ['-'])).exitCode).toBe(0);
});

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each<[string, unknown, unknown]>([
  ['an audience that is an object', {}, { aud: { a: 1 } }],
  ['audiences that are no texts', {}, { aud: [1, null, {}] }],
  ['times beyond the calendar', {}, { exp: 1e30, nbf: 1e30, iat: -1e30 }],
  ['times that are texts', {}, { exp: 'tomorrow', nbf: 'now', iat: {} }],
  ['a subject, tenant and issuer of other kinds', {}, { sub: 5, tenant_id: [], iss: ['a'] }],
  ['a header of other kinds', { alg: 5, kid: { a: 1 }, typ: ['at+jwt'] }, {}],
  ['a key name of the prototype', { kid: '__proto__' }, { iss: '__proto__' }],
  ['long texts', { alg: 'x'.repeat(5_000), typ: 'x'.repeat(5_000) }, { aud: 'x'.repeat(5_000) }],
  ['control characters', { alg: '\u001b[31m' }, { aud: '\u009b31m', iss: '\u202egnp' }],
])('a token with %s is refused with its reasons, on few printable lines', async (_, header, payload) => {
  const token = `${part({ alg: 'HS256', ...(header as object) })}.${part({ ...CLAIMS, ...(payload as object) })}.AAAA`;
  const { exitCode, out } = await explain(token);
  expect(exitCode).toBe(1);
  expect(out).toContain('the gateway refuses it: 401');
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThan(1_000);
});

test.each([
  ['', /^FAIL +form +there is no token; /],
  ['   ', /^FAIL +form +there is no token; /],
  ['a.b.c', /^FAIL +form +its three parts are not those of a JWT; /],
])('%j is told what it lacks', async (text, reason) => {
  expect((await explain(text)).out).toMatch(reason);
});

test('more than a token can be is refused in one line', async () => {
  const { exitCode, err } = await explain('a'.repeat(70_000));
  expect({ exitCode, err }).toEqual({ exitCode: 1, err: 'standard input has more than 65536 bytes' });
});
