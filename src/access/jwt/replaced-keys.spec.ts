import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { RemoteKeys } from './remote-keys.js';

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const KEY = rsa();
const NAMED = { ...KEY, kid: 'a' };
const OTHER = rsa();
const POINT = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

/** What an issuer publishes first, what it publishes then, and whether that voids what was signed before. */
const rows: [string, JsonWebKey[], JsonWebKey[], boolean][] = [
  ['the same key', [NAMED], [NAMED], false],
  ['the same key, its members in another order', [NAMED], [reversed(NAMED)], false],
  ['the same keys in another order', [NAMED, POINT], [POINT, NAMED], false],
  ['another one beside it', [NAMED], [NAMED, { ...OTHER, kid: 'b' }], false],
  ['another one in its place', [NAMED], [{ ...OTHER, kid: 'b' }], true],
  ['another one under its name', [NAMED], [{ ...OTHER, kid: 'a' }], true],
  ['one of another kind under its name', [NAMED], [{ ...POINT, kid: 'a' }], true],
  ['another one, both without a name', [KEY], [OTHER], true],
  ['the same key without its name', [NAMED], [KEY], true],
  ['the same key for another algorithm', [{ ...POINT, alg: 'ES256' }], [{ ...POINT, alg: 'RS256' }], true],
  ['the same key for encryption, and another', [NAMED], [{ ...NAMED, use: 'enc' }, POINT], true],
  ['no key of use, which is no answer', [NAMED], [{ ...NAMED, use: 'enc' }], false],
];

it.each(rows)('a key that is followed by %s', async (_what, before, after, withdrawn) => {
  const told: string[] = [];
  let published = before;
  let refresh = () => {};
  const keys = new RemoteKeys({
    url: 'https://issuer.test/jwks.json',
    ttlMs: 60_000,
    hardGraceMs: 0,
    listener: { succeeded: () => {}, failed: () => {}, withdrawn: () => told.push('withdrawn') },
    fetchKeys: async () => ({ text: JSON.stringify({ keys: published }), date: null }),
    schedule: (run) => ((refresh = run), () => {}),
  });
  keys.start();
  await settle();
  published = after;
  refresh();
  await settle();
  expect(told).toEqual(withdrawn ? ['withdrawn'] : []);
});

function reversed(key: JsonWebKey): JsonWebKey {
  return Object.fromEntries(Object.entries(key).toReversed());
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
