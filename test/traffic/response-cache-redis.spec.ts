import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { CacheScope } from '../../src/gen/gateway/v1/policy_pb.js';
import { ShapesBackend, startShapesGateway, TENANT_CACHE, versionOf } from '../support/cached-shapes.js';
import { Client } from '../support/client.js';
import type { TestGateway } from '../support/gateway.js';
import { TestRedis } from '../support/redis.js';

const OLD_KEY = 'the key that was used until today, of 32 bytes';
const SHARED = {
  GATEWAY_CACHE_KEY: 'the key of the cache, more than 32 bytes',
  GATEWAY_REDIS_COMMAND_TIMEOUT: '500ms',
};

let sandbox: SandboxEnvironment;
let redis: TestRedis;
let shapes: ShapesBackend;
let gateways: TestGateway[];
let path: string;
let pages = 0;

beforeAll(async () => {
  [sandbox, redis, shapes] = await Promise.all([
    startSandbox({ faultServer: false, idp: false }),
    TestRedis.start(),
    ShapesBackend.start({
      ...TENANT_CACHE,
      cache: { ttl: { seconds: 600n }, scope: CacheScope.TENANT, staleIfError: { seconds: 60n } },
    }),
  ]);
  const env = { ...SHARED, REDIS_URL: redis.url };
  gateways = await Promise.all([1, 2].map(() => startShapesGateway(shapes, { sandbox, env })));
});
afterAll(async () => {
  await Promise.all(gateways.map((each) => each.gateway.drain()));
  await Promise.all([sandbox.close(), redis.close()]);
  shapes.close();
});
beforeEach(() => {
  path = `/shapes/v1/shapes?page_size=${++pages}`;
});

function clientAt(at: 0 | 1): Promise<Client> {
  const gateway = gateways[at];
  if (gateway === undefined) throw new Error('there are two gateways');
  return Client.of(gateway, 'alice@acme.test');
}

async function get(at: 0 | 1): Promise<string> {
  return versionOf(await (await clientAt(at)).get(path));
}

/** The answer of an instance with settings of its own. */
async function getBy(env: Readonly<Record<string, string>>): Promise<string> {
  const gateway = await startShapesGateway(shapes, { sandbox, env: { ...env, REDIS_URL: redis.url } });
  try {
    return await versionOf(await (await Client.of(gateway, 'alice@acme.test')).get(path));
  } finally {
    await gateway.gateway.drain();
  }
}

/** The key of what was just cached, as soon as it is there. */
async function newKey(before: readonly string[]): Promise<string> {
  const fresh = async () => (await redis.client.keys('cache:*')).filter((key) => !before.includes(key));
  await expect.poll(fresh).toHaveLength(1);
  return (await fresh())[0] ?? '';
}

describe('answers in Redis', () => {
  it('are shared by all instances, and end by themselves', async () => {
    const before = await redis.client.keys('*');
    const first = await get(0);
    const key = await newKey(before);
    expect(await get(1)).toBe(first);
    expect(await redis.client.pttl(key)).toBeGreaterThan(600_000);
    expect(await redis.client.pttl(key)).toBeLessThanOrEqual(660_000);
  });

  it('can be read by nobody who reads Redis', async () => {
    const before = await redis.client.keys('cache:*');
    const first = await get(0);
    const key = await newKey(before);
    const stored = await redis.client.getBuffer(key);
    expect(key + String(stored?.toString('latin1'))).not.toMatch(new RegExp(`acme|hush|${first}`));
  });

  it('are outdated by a write at any instance', async () => {
    const first = await get(0);
    expect((await (await clientAt(1)).send('POST', '/shapes/v1/shapes/one:rotate', {})).status).toBe(200);
    const second = await get(0);
    expect(second).not.toBe(first);
    expect(await get(1)).toBe(second);
    const marks = await redis.client.keys('cache:written:*');
    expect(marks).toEqual(['cache:written:shapes:acme']);
    expect(await redis.client.pttl(marks[0] ?? '')).toBeLessThanOrEqual(700_000);
  });

  it('are outdated by a write into another tenant at any instance', async () => {
    const config = '/api/v1/tenants/acme/config';
    const [first, second] = gateways;
    if (first === undefined || second === undefined) throw new Error('there are two gateways');
    const root = await Client.of(second, 'root@platform.test');
    const logo = async () => ((await (await (await clientAt(0)).get(config)).json()) as { logoUrl?: string }).logoUrl;
    for (const logoUrl of ['https://acme.test/1.png', 'https://acme.test/2.png']) {
      expect((await root.send('PATCH', config, { logoUrl })).status).toBe(200);
      expect(await logo()).toBe(logoUrl);
    }
  });

  it('are opened with the key before this one too, and with no other', async () => {
    const first = await get(0);
    const keys = { GATEWAY_CACHE_KEY: OLD_KEY, GATEWAY_CACHE_KEY_PREVIOUS: SHARED.GATEWAY_CACHE_KEY };
    expect(await getBy({ ...SHARED, ...keys })).toBe(first);
    expect(await getBy({ ...SHARED, GATEWAY_CACHE_KEY: OLD_KEY })).not.toBe(first);
  });

  it('stay in memory without a key', async () => {
    const before = await redis.client.keys('cache:*');
    await getBy({ GATEWAY_REDIS_COMMAND_TIMEOUT: '500ms' });
    await expect.poll(() => redis.client.keys('cache:*')).toEqual(expect.arrayContaining(before));
    expect(await redis.client.keys('cache:*')).toHaveLength(before.length);
  });

  it('are gone for all instances when the prefix is cleared', async () => {
    const before = await redis.client.keys('cache:*');
    const first = await get(0);
    await redis.client.del(await newKey(before));
    expect(await get(1)).not.toBe(first);
  });

  it.each([
    ['cut off', (stored: Buffer) => stored.subarray(0, 20)],
    ['changed by one bit', (stored: Buffer) => Buffer.from(stored.map((byte, at) => (at === 45 ? byte ^ 1 : byte)))],
    ['fresh for longer than they said', (stored: Buffer) => Buffer.from(stored.fill(0x7f, 32, 40))],
    ['no answers at all', () => Buffer.from('{"hello":"world"}')],
  ])('that are %s are thrown away', async (_what, spoil) => {
    const before = await redis.client.keys('cache:*');
    const first = await get(0);
    const key = await newKey(before);
    const stored = await redis.client.getBuffer(key);
    const spoilt = spoil(Buffer.from(stored ?? ''));
    await redis.client.set(key, spoilt);
    const second = await get(1);
    expect(second).not.toBe(first);
    await expect.poll(() => redis.client.getBuffer(key)).not.toEqual(spoilt);
    expect(await get(0)).toBe(second);
  });

  it('under another request’s key are thrown away', async () => {
    const before = await redis.client.keys('cache:*');
    const first = await get(0);
    const key = await newKey(before);
    path = `${path}&sizes=7`;
    const other = await get(0);
    const otherKey = await newKey([...before, key]);
    await redis.client.copy(key, otherKey, 'REPLACE');
    expect([first, other]).not.toContain(await get(1));
  });

  it('are remembered by their instance while Redis is away, and nobody is refused', async () => {
    const before = await redis.client.keys('cache:*');
    const first = await get(0);
    await newKey(before);
    await redis.kill();
    try {
      expect(await get(0)).toBe(first);
      expect(await get(1)).not.toBe(first);
    } finally {
      await redis.restart();
    }
  });
});
