import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Every place would be a thousand requests; this stride meets each part of the token in all its alignments. */
const STRIDE = 13;

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

const present = (token: string) => new Client(gateway.url, token).get('/api/v1/users');

/** Presents a changed token between two looks at the untouched one. Gives the body without what names the request. */
async function refuse(token: string): Promise<string> {
  expect((await present(alice.token)).status).toBe(200);
  gateway.sandbox.calls.clear();
  const response = await present(token);
  expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  const { request_id: _id, ...body } = await expectFetchProblem(response, 'UNAUTHENTICATED');
  expect(gateway.sandbox.calls.list().filter(({ upstream }) => upstream !== 'jwks')).toEqual([]);
  expect((await present(alice.token)).status).toBe(200);
  return JSON.stringify(body);
}

describe('a token that was changed in one place is refused with the one body', () => {
  it('any letter of it', async () => {
    const bodies = new Set<string>();
    for (let at = 0; at < alice.token.length; at += STRIDE) bodies.add(await refuse(exchange(alice.token, at)));
    expect(bodies.size).toBe(1);
  });

  it('the last letter of a part, in bits that nobody reads', async () => {
    const ends = [...alice.token.matchAll(/[^.](?=\.|$)/g)].map(({ index }) => index);
    expect(ends).toHaveLength(3);
    const bodies = new Set<string>();
    for (const at of ends) bodies.add(await refuse(exchange(alice.token, at)));
    expect(bodies.size).toBe(1);
  });

  const shapes: [string, (parts: string[]) => string][] = [
    ['padding', (parts) => `${parts.join('.')}=`],
    ['padding of the claims', ([h, c, s]) => `${h}.${c}==.${s}`],
    ['a part too many', (parts) => `${parts.join('.')}.${parts[2]}`],
    ['a part too few', ([h, c]) => `${h}.${c}`],
    ['an empty signature', ([h, c]) => `${h}.${c}.`],
    ['an empty header', ([, c, s]) => `.${c}.${s}`],
    ['parts exchanged', ([h, c, s]) => `${c}.${h}.${s}`],
    ['a comma in place of a point', (parts) => parts.join(',')],
    ['a point before it', (parts) => `.${parts.join('.')}`],
    ['a line break inside', ([h, c, s]) => `${h}.${c}%0A.${s}`],
    ['the other alphabet of base64', ([h, c, s]) => `${h}.${c}.${s?.replace(/^./, '+')}`],
    ['the signature cut by a letter', (parts) => parts.join('.').slice(0, -1)],
    ['the signature longer by a letter', (parts) => `${parts.join('.')}A`],
  ];
  it.each(shapes)('its shape: %s', async (_what, change) => {
    expect(await refuse(change(alice.token.split('.')))).toContain('invalid or expired token');
  });

  const headers: [string, Record<string, unknown>][] = [
    ['a key of its own', { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }],
    ['a place to fetch keys from', { jku: 'https://evil.example/jwks.json' }],
    ['a certificate', { x5c: ['MIIB'] }],
    ['a critical extension', { crit: ['exp'] }],
    ['no type', { typ: undefined }],
    ['the type of an id_token', { typ: 'JWT' }],
    ['an algorithm in another case', { alg: 'rs256' }],
    ['two algorithms', { alg: ['RS256', 'none'] }],
  ];
  it.each(headers)('its header with %s', async (_what, change) => {
    const [first = '', ...rest] = alice.token.split('.');
    const changed = { ...(JSON.parse(Buffer.from(first, 'base64url').toString()) as object), ...change };
    const token = [Buffer.from(JSON.stringify(changed)).toString('base64url'), ...rest].join('.');
    expect(await refuse(token)).toContain('invalid or expired token');
  });
});

/** Another letter of the alphabet in one place; a point stays none. */
function exchange(token: string, at: number): string {
  const index = ALPHABET.indexOf(token[at] ?? '');
  const letter = index === -1 ? 'A' : ALPHABET[(index + 1) % ALPHABET.length];
  return token.slice(0, at) + letter + token.slice(at + 1);
}
