import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';
import { expectFetchProblem } from '../support/problem.js';
import { countStatuses } from '../support/rate-limits.js';

const USER = '/api/v1/users/acme-alice';
const AI = '/api/v1/ai';
const UNLIMITED = { RATE_LIMIT_RPS: '100000', RATE_LIMIT_BURST: '100000' };

const gateways: TestGateway[] = [];
afterEach(async () => {
  for (const each of gateways.splice(0)) await each.close();
});

async function start(env: Readonly<Record<string, string>>): Promise<TestGateway> {
  const gateway = await startTestGateway({ env: { ...UNLIMITED, ...env } });
  gateways.push(gateway);
  return gateway;
}

function inFlight(gateway: TestGateway, upstream: string): Promise<number | undefined> {
  return metric(gateway.url, 'gateway_upstream_in_flight_requests', { upstream });
}

/** Calls to an upstream that were refused for want of a place, whatever the reason. */
async function refused(gateway: TestGateway, upstream: string): Promise<number> {
  const counts = ['capacity', 'displaced', 'timeout'].map((reason) =>
    metric(gateway.url, 'gateway_circuit_rejections_total', { upstream, reason }),
  );
  return (await Promise.all(counts)).reduce((sum: number, count) => sum + (count ?? 0), 0);
}

describe('AIService that hangs under load', () => {
  it('is asked no more than it may be, and every request to others is answered', async () => {
    const gateway = await start({ GATEWAY_AI_TIMEOUT: '5s', GATEWAY_AI_MAX_CONCURRENT: '8' });
    const [alice, carol] = [await Client.of(gateway, 'alice@acme.test'), await Client.of(gateway, 'carol@globex.test')];
    await gateway.sandbox.setFault('ai', { mode: 'hang' });
    const questions = Promise.all(
      Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? alice : carol).send('POST', AI, { query: 'hello' })),
    );
    await expect.poll(() => refused(gateway, 'ai')).toBe(52);
    expect(await inFlight(gateway, 'ai')).toBe(8);
    const users = await Promise.all(Array.from({ length: 100 }, () => alice.get(USER)));
    expect(countStatuses(users)).toEqual({ 200: 100 });
    const answers = countStatuses(await questions);
    expect(answers).toEqual({ 503: 52, 504: 8 });
    expect(await inFlight(gateway, 'ai')).toBe(0);
  });
});

describe('a tenant that asks too much of a service', () => {
  it('leaves others their share of its places', async () => {
    const gateway = await start({
      GATEWAY_USER_TIMEOUT: '20s',
      GATEWAY_USER_MAX_CONCURRENT: '8',
      GATEWAY_TENANT_SHARE_PERCENT: '50',
      GATEWAY_HEALTH_INTERVAL: '1h',
    });
    const [alice, carol] = [await Client.of(gateway, 'alice@acme.test'), await Client.of(gateway, 'carol@globex.test')];
    await gateway.sandbox.setFault('user', { mode: 'hang' });
    const greedy = Promise.all(Array.from({ length: 40 }, () => alice.get(USER)));
    await expect.poll(() => refused(gateway, 'user')).toBe(36);
    const other = carol.get('/api/v1/users/globex-carol');
    await expect.poll(() => inFlight(gateway, 'user')).toBe(5);
    await gateway.sandbox.setFault('user', { mode: 'none' });
    expect((await other).status).toBe(200);
    expect(countStatuses(await greedy)).toEqual({ 200: 4, 503: 36 });
  });
});

describe('a tenant whose calls fill the queue of a service', () => {
  it('has its own refused, and those of another tenant wait their turn', async () => {
    const gateway = await start({
      GATEWAY_USER_TIMEOUT: '20s',
      GATEWAY_USER_MAX_CONCURRENT: '4',
      GATEWAY_QUEUE_SIZE: '8',
      GATEWAY_QUEUE_TIMEOUT: '15s',
      GATEWAY_HEALTH_INTERVAL: '1h',
    });
    const [alice, carol] = [await Client.of(gateway, 'alice@acme.test'), await Client.of(gateway, 'carol@globex.test')];
    await gateway.sandbox.setFault('user', { mode: 'hang' });
    const noisy = Promise.all(Array.from({ length: 60 }, () => alice.get(USER)));
    // Three have a place, which is the share of the tenant, and eight wait.
    await expect.poll(() => refused(gateway, 'user')).toBe(49);
    const quiet = Promise.all(Array.from({ length: 4 }, () => carol.get('/api/v1/users/globex-carol')));
    const displaced = { upstream: 'user', reason: 'displaced' };
    await expect.poll(() => metric(gateway.url, 'gateway_circuit_rejections_total', displaced)).toBe(3);
    await gateway.sandbox.setFault('user', { mode: 'none' });
    expect(countStatuses(await quiet)).toEqual({ 200: 4 });
    expect(countStatuses(await noisy)).toEqual({ 200: 8, 503: 52 });
  });
});

describe('the memory for bodies of requests', () => {
  it('refuses bodies beyond it while others are under way, and takes them again afterwards', async () => {
    const gateway = await start({ GATEWAY_MAX_BODY_MEMORY: '64KiB', GATEWAY_AI_TIMEOUT: '20s' });
    const alice = await Client.of(gateway, 'alice@acme.test');
    await gateway.sandbox.setFault('ai', { mode: 'hang' });
    const query = 'x'.repeat(60_000);
    const held = alice.send('POST', AI, { query });
    await expect.poll(() => inFlight(gateway, 'ai')).toBe(1);
    expect(await metric(gateway.url, 'gateway_request_body_bytes')).toBeGreaterThan(60_000);
    const refused = await alice.send('POST', AI, { query });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('connection')).toBe('close');
    await expectFetchProblem(refused, 'OVERLOADED');
    const shed = { priority: 'ai', reason: 'body_memory' };
    expect(await metric(gateway.url, 'gateway_requests_shed_total', shed)).toBe(1);
    expect((await alice.get(USER)).status).toBe(200);
    await gateway.sandbox.setFault('ai', { mode: 'none' });
    expect((await held).status).toBe(200);
    await expect.poll(() => metric(gateway.url, 'gateway_request_body_bytes')).toBe(0);
    expect((await alice.send('POST', AI, { query })).status).toBe(200);
  });
});

describe('the limit of requests in flight', () => {
  it('refuses what is beyond it, but never health or metrics, and is free again afterwards', async () => {
    const gateway = await start({
      GATEWAY_MAX_CONCURRENT_REQUESTS: '5',
      GATEWAY_USER_TIMEOUT: '20s',
      GATEWAY_HEALTH_INTERVAL: '1h',
    });
    const alice = await Client.of(gateway, 'alice@acme.test');
    await gateway.sandbox.setFault('user', { mode: 'hang' });
    const busy = Promise.all(Array.from({ length: 5 }, () => alice.get(USER)));
    await expect.poll(() => inFlight(gateway, 'user')).toBe(5);
    const refused = await alice.get('/api/v1/tenants/acme');
    expect(refused.headers.get('retry-after')).toBe('1');
    await expectFetchProblem(refused, 'OVERLOADED');
    for (const path of ['/livez', '/readyz', '/health', '/metrics']) {
      expect((await fetch(gateway.url + path)).status).toBe(200);
    }
    const shed = { priority: 'read', reason: 'concurrency' };
    expect(await metric(gateway.url, 'gateway_requests_shed_total', shed)).toBe(1);
    await gateway.sandbox.setFault('user', { mode: 'none' });
    expect(countStatuses(await busy)).toEqual({ 200: 5 });
    expect((await alice.get('/api/v1/tenants/acme')).status).toBe(200);
  });

  it('has room again for every request that ended, however it ended', async () => {
    const gateway = await start({ GATEWAY_MAX_CONCURRENT_REQUESTS: '2' });
    const alice = await Client.of(gateway, 'alice@acme.test');
    for (let n = 0; n < 3; n++) {
      expect((await fetch(`${gateway.url}${USER}`)).status).toBe(401);
      expect((await alice.get('/nope')).status).toBe(404);
      expect((await alice.send('POST', '/api/v1/users', '{')).status).toBe(400);
      expect((await alice.get(USER, { 'x-request-timeout': 'soon' })).status).toBe(400);
      await (await alice.send('POST', '/api/v1/ai:stream', { query: 'stream 1 tokens slow 0ms' })).text();
    }
    const both = await Promise.all([alice.get(USER), alice.get(USER)]);
    expect(countStatuses(both)).toEqual({ 200: 2 });
  });
});
