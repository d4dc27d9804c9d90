import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startShapesGateway, ShapesBackend, TENANT_CACHE, USER_CACHE, versionOf } from '../support/cached-shapes.js';
import { Client } from '../support/client.js';
import { lineOf, stages, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const SHAPES = '/shapes/v1/shapes';
const UNAVAILABLE = 14;
const NOT_FOUND = 5;

let shapes: ShapesBackend;
let gateway: TestGateway;
let alice: Client;
let bob: Client;
let carol: Client;
let path: string;
let pages = 0;

async function start(policy = TENANT_CACHE, env = {}): Promise<void> {
  shapes = await ShapesBackend.start(policy);
  gateway = await startShapesGateway(shapes, { env });
  const client = (user: string) => Client.of(gateway, user);
  [alice, bob, carol] = await Promise.all([
    client('alice@acme.test'),
    client('bob@acme.test'),
    client('carol@globex.test'),
  ]);
}

async function stop(): Promise<void> {
  await gateway.close();
  shapes.close();
}

const get = async (client: Client) => versionOf(await client.get(path));
const passes = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  path = `${SHAPES}?page_size=${++pages}`;
});
afterEach(() => {
  shapes.recover();
  vi.useRealTimers();
});

async function counted(outcome: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const found = new RegExp(`^gateway_cache_requests_total\\{cache="response",outcome="${outcome}"\\} (\\d+)`, 'm');
  return Number(found.exec(text)?.[1]);
}

describe('an answer that is cached for a tenant', () => {
  beforeAll(() => start());
  afterAll(stop);

  it('is given to all of the tenant until its time is over', async () => {
    const first = await get(alice);
    expect([await get(alice), await get(bob)]).toEqual([first, first]);
    passes(5_000);
    expect(await get(bob)).not.toBe(first);
  });

  it('is not given to another tenant, nor for another request', async () => {
    const first = await get(alice);
    expect(await get(carol)).not.toBe(first);
    expect(await versionOf(await alice.get(`${path}&sizes=1`))).not.toBe(first);
  });

  it('leaves without the fields that never leave', async () => {
    await get(alice);
    const text = await (await alice.get(path)).text();
    expect(text).not.toMatch(/hush|clientSecret/);
  });

  it('is counted and logged', async () => {
    const before = await Promise.all(['hit', 'miss', 'stale'].map(counted));
    const asked = await lineOf(gateway, await alice.get(path));
    expect(asked).toMatchObject({ response_cache: 'miss', attempts: 1, grpc_code: 'OK' });
    const kept = await lineOf(gateway, await alice.get(path));
    expect(kept).toMatchObject({ response_cache: 'hit', attempts: 0, upstream: 'shapes' });
    passes(6_000);
    shapes.fail(UNAVAILABLE);
    await get(alice);
    const after = await Promise.all(['hit', 'miss', 'stale'].map(counted));
    expect(after.map((count, at) => count - (before[at] ?? 0))).toEqual([1, 1, 1]);
  });

  it('takes memory that is told', async () => {
    await get(alice);
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const bytes = Number(/^gateway_cache_bytes\{cache="response"\} (\d+)/m.exec(text)?.[1]);
    expect(bytes).toBeGreaterThan(300);
    expect(text).toContain('gateway_cache_bytes{cache="idempotency"} 0');
  });

  it('stands in for a backend that fails, for as long as the policy says', async () => {
    const first = await get(alice);
    passes(64_000);
    shapes.fail(UNAVAILABLE);
    expect(await get(alice)).toBe(first);
    passes(2_000);
    await expectFetchProblem(await alice.get(path), 'UPSTREAM_UNAVAILABLE');
  });

  it('does not stand in for what the backend says of the request', async () => {
    await get(alice);
    passes(6_000);
    shapes.fail(NOT_FOUND);
    await expectFetchProblem(await alice.get(path), 'NOT_FOUND');
  });

  it('is never a failure', async () => {
    shapes.fail(NOT_FOUND);
    await expectFetchProblem(await alice.get(path), 'NOT_FOUND');
    shapes.recover();
    expect((await alice.get(path)).status).toBe(200);
  });

  it('is asked for once by all who want it at once', async () => {
    const released = Promise.withResolvers<void>();
    shapes.before = () => released.promise;
    const before = shapes.calls;
    const answers = Promise.all(Array.from({ length: 20 }, (_, at) => get(at % 2 === 0 ? alice : bob)));
    await expect.poll(atUpstream).toBe(20);
    await expect.poll(() => shapes.calls).toBe(before + 1);
    released.resolve();
    expect(new Set(await answers)).toEqual(new Set([`v${before + 1}`]));
  });

  it('is not lost to the others when the first of them leaves', async () => {
    const released = Promise.withResolvers<void>();
    shapes.before = () => released.promise;
    const before = shapes.calls;
    const leave = new AbortController();
    const headers = { authorization: `Bearer ${alice.token}` };
    const first = fetch(gateway.url + path, { headers, signal: leave.signal }).catch(() => 'left');
    await expect.poll(() => shapes.calls).toBe(before + 1);
    const second = get(bob);
    await expect.poll(atUpstream).toBe(2);
    leave.abort();
    expect(await first).toBe('left');
    await expect.poll(atUpstream).toBe(1);
    released.resolve();
    expect(await second).toBe(`v${before + 1}`);
  });
});

describe('an answer that is larger than may be kept', () => {
  afterEach(stop);

  it('by its policy is asked for each time', async () => {
    await start({ ...TENANT_CACHE, cache: { ttl: { seconds: 5n }, maxBytes: 10 } });
    expect(await get(alice)).not.toBe(await get(alice));
  });

  it('by the settings is asked for each time', async () => {
    await start(TENANT_CACHE, { GATEWAY_CACHE_MAX_ENTRY_BYTES: '1024' });
    const small = await get(alice);
    expect(await get(alice)).toBe(small);
    passes(6_000);
    shapes.suffix = 'x'.repeat(2_000);
    expect(await get(alice)).not.toBe(await get(alice));
  });
});

describe('an answer that is cached for a caller', () => {
  beforeAll(() => start(USER_CACHE, { GATEWAY_CACHE_MAX_ENTRY_BYTES: '1024' }));
  afterAll(stop);

  it('is given to nobody else', async () => {
    const first = await get(alice);
    expect(await get(alice)).toBe(first);
    expect(await get(bob)).not.toBe(first);
  });

  it('is not given to the same caller with other permissions', async () => {
    const first = await get(alice);
    const token = await gateway.sandbox.issueToken('alice@acme.test', { permissions: ['shape.read'] });
    expect(await get(new Client(gateway.url, token))).not.toBe(first);
  });
});

/**
 * Requests that wait for an answer of the backend, be it one that another of them asked for: from this stage on they come
 * to that wait without a pause of their own. To be under way is less: they may still be with the guards.
 */
function atUpstream(): number {
  return stages(gateway).filter((stage) => stage === 'upstream').length;
}
