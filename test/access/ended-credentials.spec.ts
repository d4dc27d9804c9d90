import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOKENS_KEY } from '../../src/access/revocation/revocation-store.js';
import { CREDENTIAL_KINDS, CredentialBench, type CredentialKind } from '../support/credential-kinds.js';
import { TestRedis } from '../support/redis.js';

const ALICE = { subject: 'acme-alice', tenantId: 'acme', permissions: ['user.read'] };

type Headers = Record<string, string>;

const statusOf = async (bench: CredentialBench, headers: Headers) =>
  (await fetch(`${bench.gateway.publicUrl}/api/v1/users`, { headers })).status;

/** Ends a credential as its holder does; gives the status. */
async function logOut(bench: CredentialBench, kind: CredentialKind, headers: Headers): Promise<number> {
  const path = kind === 'session' ? '/auth/logout' : '/api/v1/auth/logout';
  const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{}' };
  return (await fetch(bench.gateway.publicUrl + path, init)).status;
}

describe('where one gateway remembers who logged out', () => {
  let bench: CredentialBench;
  beforeAll(async () => void (bench = await CredentialBench.start()));
  afterAll(() => bench?.close());

  it.each(CREDENTIAL_KINDS)('a credential of the kind %s is out immediately, and its twin is not', async (kind) => {
    const [headers, twin] = [await bench.headersOf(kind, ALICE), await bench.headersOf(kind, ALICE)];
    expect([await statusOf(bench, headers), await statusOf(bench, twin)]).toEqual([200, 200]);
    expect(await logOut(bench, kind, headers)).toBe(200);
    expect([await statusOf(bench, headers), await statusOf(bench, twin)]).toEqual([401, 200]);
  });
});

describe('where gateways share Redis', () => {
  let bench: CredentialBench;
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start();
    const secrets = { GATEWAY_CACHE_KEY: 'a secret for what is kept, 32 bytes or more' };
    bench = await CredentialBench.start({ REDIS_URL: redis.url, GATEWAY_REDIS_COMMAND_TIMEOUT: '300ms', ...secrets });
  });
  afterAll(async () => {
    await bench?.close();
    await redis?.close();
  });

  it.each(CREDENTIAL_KINDS)('a credential of the kind %s is out in all of them', async (kind) => {
    const headers = await bench.headersOf(kind, ALICE);
    expect(await statusOf(bench, headers)).toBe(200);
    const before = await redis.client.zcard(TOKENS_KEY);
    expect(await logOut(bench, kind, headers)).toBe(200);
    expect(await statusOf(bench, headers)).toBe(401);
    await expect.poll(() => redis.client.zcard(TOKENS_KEY)).toBe(before + 1);
  });

  const bearers = CREDENTIAL_KINDS.filter((kind) => kind !== 'session');
  it.each(bearers)(
    'a credential of the kind %s that ends while Redis is away is out, then and afterwards',
    async (kind) => {
      const headers = await bench.headersOf(kind, ALICE);
      expect(await statusOf(bench, headers)).toBe(200);
      await redis.kill();
      expect(await logOut(bench, kind, headers)).toBe(200);
      expect(await statusOf(bench, headers)).toBe(401);
      await redis.restart();
      await expect.poll(() => redis.client.zcard(TOKENS_KEY).catch(() => 0)).toBeGreaterThan(0);
      expect(await statusOf(bench, headers)).toBe(401);
    },
  );
});
