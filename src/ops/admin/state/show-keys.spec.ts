import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { RemoteKeys } from '../../../access/jwt/remote-keys.js';
import { SigningKeys } from '../../../access/jwt/signing-keys.js';
import type { GatewayConfig } from '../../../config/gateway-config.js';
import { showKeys } from './show-keys.js';

const URL_OF_KEYS = 'https://issuer.test/jwks.json';
const jwt = { issuer: 'https://issuer.test', issuers: [], jwksUrl: URL_OF_KEYS, secret: undefined };
const key = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });

it('keys are shown by their ids, with their age and next refresh, and without what is in them', async () => {
  let now = 1_000;
  const keys = new RemoteKeys({
    url: URL_OF_KEYS,
    ttlMs: 60_000,
    hardGraceMs: 0,
    listener: { succeeded: () => {}, failed: () => {}, withdrawn: () => {} },
    fetchKeys: async () => ({ text: JSON.stringify({ keys: [{ ...key, kid: 'a' }] }), date: null }),
    now: () => now,
    random: () => 0.5,
    schedule: () => () => {},
  });
  const shown = () => showKeys({ jwt } as unknown as Pick<GatewayConfig, 'jwt'>, new SigningKeys(keys, []));
  const nothing = { keyIds: [], count: 0, ageMs: null, nextRefreshInMs: null };
  expect(shown()).toMatchObject({ ready: false, keySets: [{ issuer: 'https://issuer.test', ...nothing }] });
  keys.start();
  await expect.poll(() => keys.ready).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  now += 5_000;
  expect(shown()).toMatchObject({
    ready: true,
    sharedSecret: { isSet: false },
    keySets: [
      { keyIds: ['a'], count: 1, ageMs: 5_000, nextRefreshInMs: 55_000, consecutiveFailures: 0, isOutdated: false },
    ],
  });
  expect(JSON.stringify(shown())).not.toContain(key.x);
});
