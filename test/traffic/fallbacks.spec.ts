import { afterEach, describe, expect, it, vi } from 'vitest';
import { ShapesBackend, startShapesGateway, TENANT_CACHE, USER_CACHE, versionOf } from '../support/cached-shapes.js';
import { Client } from '../support/client.js';
import { lineOf, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const PATH = '/shapes/v1/shapes';
const UNAVAILABLE = 14;
const INTERNAL = 13;
const CLIENT_CODES = [
  [3, 'INVALID_ARGUMENT'],
  [5, 'NOT_FOUND'],
  [7, 'PERMISSION_DENIED'],
  [9, 'FAILED_PRECONDITION'],
  [8, 'UPSTREAM_RATE_LIMITED'],
] as const;

const UNCACHED = { ...USER_CACHE, cache: undefined, responseTenantFields: [] };
const STATIC = {
  ...UNCACHED,
  fallback: { answer: { case: 'staticJson' as const, value: '{"shapes":[{"id":"none","name":"static"}]}' } },
};
const STANDBY = { ...UNCACHED, fallback: { answer: { case: 'upstream' as const, value: 'shapes_standby' } } };
const CACHED = {
  ...TENANT_CACHE,
  cache: { ttl: { seconds: 5n } },
  fallback: { answer: { case: 'cached' as const, value: true } },
};

let shapes: ShapesBackend;
let gateway: TestGateway;
let alice: Client;
const others: ShapesBackend[] = [];

async function start(policy: Parameters<typeof ShapesBackend.start>[0], env = {}): Promise<void> {
  shapes = await ShapesBackend.start(policy);
  gateway = await startShapesGateway(shapes, { env });
  alice = await Client.of(gateway, 'alice@acme.test');
}

afterEach(async () => {
  vi.useRealTimers();
  await gateway.close();
  for (const each of [shapes, ...others.splice(0)]) each.close();
});

async function countOf(kind: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const found = new RegExp(`^gateway_fallback_answers_total\\{upstream="shapes",kind="${kind}"\\} (\\d+)`, 'm');
  return Number(found.exec(text)?.[1]);
}

describe('a fixed answer', () => {
  it('stands in for an upstream that is at fault, and says so', async () => {
    await start(STATIC);
    const own = await alice.get(PATH);
    expect([await versionOf(own), own.headers.get('x-gateway-fallback')]).toEqual(['v1', null]);
    expect(await lineOf(gateway, own)).toMatchObject({ fallback_used: false });
    for (const [code, grpcCode] of [
      [UNAVAILABLE, 'UNAVAILABLE'],
      [INTERNAL, 'INTERNAL'],
    ] as const) {
      shapes.fail(code);
      const response = await alice.get(PATH);
      expect(await lineOf(gateway, response)).toMatchObject({ fallback_used: true, status: 200, grpc_code: grpcCode });
      expect(response.status).toBe(200);
      expect(response.headers.get('x-gateway-fallback')).toBe('static');
      expect(await versionOf(response)).toBe('static');
    }
    expect(await countOf('static')).toBe(2);
  });

  it('hides nothing that an upstream says of a request', async () => {
    await start(STATIC);
    for (const [code, problem] of CLIENT_CODES) {
      shapes.fail(code);
      const response = await alice.get(PATH);
      expect(response.headers.get('x-gateway-fallback')).toBeNull();
      await expectFetchProblem(response, problem);
    }
    await expectFetchProblem(await fetch(gateway.url + PATH), 'UNAUTHENTICATED');
    await expectFetchProblem(await alice.get(`${PATH}?page_size=many`), 'INVALID_ARGUMENT');
  });

  it('stands in while the circuit is open, too', async () => {
    await start(STATIC);
    shapes.fail(UNAVAILABLE);
    for (let at = 0; at < 30; at++) expect((await alice.get(PATH)).headers.get('x-gateway-fallback')).toBe('static');
    const line = await lineOf(gateway, await alice.get(PATH));
    expect(line).toMatchObject({ breaker_state: 'open', attempts: 0, fallback_used: true });
    expect(shapes.calls).toBeLessThan(30);
  });
});

describe('the last good answer', () => {
  it('stands in long after its time, until its age is too much', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await start(CACHED, { GATEWAY_FALLBACK_MAX_AGE: '10m' });
    const first = await versionOf(await alice.get(PATH));
    shapes.fail(UNAVAILABLE);
    vi.setSystemTime(Date.now() + 9 * 60_000);
    const response = await alice.get(PATH);
    expect(response.headers.get('x-gateway-fallback')).toBe('cached');
    expect(await versionOf(response)).toBe(first);
    vi.setSystemTime(Date.now() + 2 * 60_000);
    await expectFetchProblem(await alice.get(PATH), 'UPSTREAM_UNAVAILABLE');
  });

  it('is that of the caller', async () => {
    await start(CACHED);
    await alice.get(PATH);
    shapes.fail(UNAVAILABLE);
    const bob = await Client.of(gateway, 'bob@acme.test');
    await expectFetchProblem(await bob.get(PATH), 'UPSTREAM_UNAVAILABLE');
  });
});

describe('another address', () => {
  it('is asked when the first is at fault', async () => {
    const standby = await ShapesBackend.start(STANDBY);
    others.push(standby);
    await start(STANDBY, { SHAPES_STANDBY_SERVICE_URL: standby.env.SHAPES_SERVICE_URL ?? '' });
    await alice.get(PATH);
    expect(standby.calls).toBe(0);
    shapes.fail(UNAVAILABLE);
    const response = await alice.get(PATH);
    expect(response.headers.get('x-gateway-fallback')).toBe('upstream');
    expect(await versionOf(response)).toBe('v1');
    expect([shapes.calls, standby.calls]).toEqual([2, 1]);
    const health = (await (await fetch(`${gateway.url}/metrics`)).text()).match(/^gateway_upstream_up\{.*$/gm);
    expect(health).toContain('gateway_upstream_up{upstream="shapes_standby"} 1');
  });

  it('is no help when it is at fault as well: the first failure stands', async () => {
    const standby = await ShapesBackend.start(STANDBY);
    others.push(standby);
    await start(STANDBY, { SHAPES_STANDBY_SERVICE_URL: standby.env.SHAPES_SERVICE_URL ?? '' });
    shapes.fail(INTERNAL);
    standby.fail(UNAVAILABLE);
    await expectFetchProblem(await alice.get(PATH), 'UPSTREAM_ERROR');
  });

  it('is done without where its address is not set', async () => {
    await start(STANDBY);
    shapes.fail(UNAVAILABLE);
    await expectFetchProblem(await alice.get(PATH), 'UPSTREAM_UNAVAILABLE');
  });
});
