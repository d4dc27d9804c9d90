import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';
import { expectFetchProblem } from '../support/problem.js';

const USER = '/api/v1/users/acme-alice';
const TENANT = '/api/v1/tenants/acme';
const UNLIMITED = { RATE_LIMIT_RPS: '100000', RATE_LIMIT_BURST: '100000' };
/** Three failures open a circuit, for a fifth of a second at first. */
const QUICK = {
  ...UNLIMITED,
  GATEWAY_CIRCUIT_PRESET: 'strict',
  GATEWAY_CIRCUIT_OPEN: '200ms',
  GATEWAY_CIRCUIT_MAX_OPEN: '400ms',
  GATEWAY_USER_TIMEOUT: '150ms',
  GATEWAY_GRPC_INITIAL_BACKOFF: '100ms',
  GATEWAY_GRPC_MAX_BACKOFF: '200ms',
};

const gateways: TestGateway[] = [];
afterEach(async () => {
  for (const each of gateways.splice(0)) await each.close();
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<{ gateway: TestGateway; alice: Client }> {
  const gateway = await startTestGateway({ env: { ...QUICK, ...env } });
  gateways.push(gateway);
  return { gateway, alice: await Client.of(gateway, 'alice@acme.test') };
}

/** Codes of so many requests, one after the other; `200` for an answer. */
async function codes(client: Client, path: string, count: number): Promise<string[]> {
  const seen: string[] = [];
  for (let n = 0; n < count; n++) {
    const response = await client.get(path);
    const { code } = (await response.json()) as { code?: string };
    seen.push(code ?? String(response.status));
  }
  return seen;
}

function circuit(gateway: TestGateway, state: string): Promise<number | undefined> {
  return metric(gateway.url, 'gateway_circuit_state', { upstream: 'user', state });
}

function opened(gateway: TestGateway): Promise<number | undefined> {
  return metric(gateway.url, 'gateway_circuit_transitions_total', { upstream: 'user', to: 'open' });
}

function events(gateway: TestGateway): string[] {
  return gateway.lines.map(({ msg }) => String(msg)).filter((text) => text.startsWith('circuit_'));
}

describe('a service that is gone (FI-1)', () => {
  it('is refused at once after a few failures, and served again soon after it is back; others never notice', async () => {
    const { gateway, alice } = await start();
    expect(await codes(alice, USER, 2)).toEqual(['200', '200']);
    await gateway.world.setFault('user', { mode: 'down' });
    await expect.poll(async () => (await codes(alice, USER, 1))[0]).toBe('CIRCUIT_OPEN');
    const refused = await alice.get(USER);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await expectFetchProblem(refused, 'CIRCUIT_OPEN');
    expect(await codes(alice, TENANT, 3)).toEqual(['200', '200', '200']);
    await gateway.world.setFault('user', { mode: 'none' });
    await expect.poll(async () => (await codes(alice, USER, 1))[0], { timeout: 5_000 }).toBe('200');
    await expect.poll(() => codes(alice, USER, 3).then(() => circuit(gateway, 'closed')), { timeout: 5_000 }).toBe(1);
    expect(events(gateway)).toContain('circuit_opened upstream=user calls=read');
    expect(events(gateway).at(-1)).toBe('circuit_closed upstream=user calls=read');
  });

  it('shows in the state, its changes, the refusals and the line of a request', async () => {
    const { gateway, alice } = await start({ GATEWAY_CIRCUIT_OPEN: '60s', GATEWAY_CIRCUIT_MAX_OPEN: '60s' });
    expect(await circuit(gateway, 'closed')).toBe(1);
    await gateway.world.setFault('user', { mode: 'down' });
    await codes(alice, USER, 10);
    expect(await circuit(gateway, 'open')).toBe(1);
    expect(await metric(gateway.url, 'circuit_breaker_state', { name: 'user.read' })).toBe(1);
    expect(await metric(gateway.url, 'circuit_breaker_state', { name: 'user.write' })).toBe(0);
    expect(await opened(gateway)).toBe(1);
    const rejections = { upstream: 'user', reason: 'open' };
    expect(await metric(gateway.url, 'gateway_circuit_rejections_total', rejections)).toBe(7);
    const retries = { upstream: 'user', method: 'GetUser' };
    expect(await metric(gateway.url, 'upstream_grpc_retries_total', retries)).toBeGreaterThan(0);
    expect(gateway.lines.filter(({ retries }) => retries === 1)).not.toEqual([]);
    const [line] = gateway.lines.filter(({ error_code }) => error_code === 'CIRCUIT_OPEN');
    expect(line).toMatchObject({ breaker_state: 'open', logType: 'UPSTREAM_UNAVAILABLE', status: 503 });
  });
});

describe('a service that accepts connections and says nothing (FI-4)', () => {
  it('costs a few requests their deadline, then none', async () => {
    const { gateway, alice } = await start({ GATEWAY_CIRCUIT_OPEN: '60s', GATEWAY_CIRCUIT_MAX_OPEN: '60s' });
    await gateway.world.setFault('user', { mode: 'hang' });
    const seen = await codes(alice, USER, 5);
    expect(seen).toEqual([...Array(3).fill('UPSTREAM_TIMEOUT'), 'CIRCUIT_OPEN', 'CIRCUIT_OPEN']);
    expect(await metric(gateway.url, 'gateway_upstream_in_flight_requests', { upstream: 'user' })).toBe(0);
    expect(await metric(gateway.url, 'gateway_queue_depth', { upstream: 'user' })).toBe(0);
  });
});

describe('a slow service (FI-9)', () => {
  it('answers within its deadline, and not beyond', async () => {
    const { gateway, alice } = await start({ GATEWAY_USER_TIMEOUT: '600ms', GATEWAY_CIRCUIT_MIN_REQUESTS: '1000' });
    await gateway.world.setFault('user', { mode: 'slow', latencyMs: 100 });
    expect(await codes(alice, USER, 2)).toEqual(['200', '200']);
    await gateway.world.setFault('user', { mode: 'slow', latencyMs: 600 });
    expect(await codes(alice, USER, 2)).toEqual(['UPSTREAM_TIMEOUT', 'UPSTREAM_TIMEOUT']);
  });

  it('takes so many calls and no more; the others are refused fast and other services are as they were', async () => {
    const { gateway, alice } = await start({
      GATEWAY_USER_TIMEOUT: '2s',
      GATEWAY_USER_MAX_CONCURRENT: '4',
      GATEWAY_TENANT_SHARE_PERCENT: '100',
      GATEWAY_QUEUE_SIZE: '2',
      GATEWAY_CIRCUIT_MIN_REQUESTS: '1000',
    });
    await gateway.world.setFault('user', { mode: 'slow', latencyMs: 600 });
    const answers = Promise.all(Array.from({ length: 20 }, () => codes(alice, USER, 1)));
    await expect.poll(() => metric(gateway.url, 'gateway_upstream_in_flight_requests', { upstream: 'user' })).toBe(4);
    expect(await codes(alice, TENANT, 3)).toEqual(['200', '200', '200']);
    const seen = (await answers).flat();
    expect(seen.filter((code) => code === '200')).toHaveLength(4);
    expect(seen.filter((code) => code === 'OVERLOADED')).toHaveLength(16);
    const rejections = async (reason: string) =>
      metric(gateway.url, 'gateway_circuit_rejections_total', { upstream: 'user', reason });
    expect([await rejections('capacity'), await rejections('timeout')]).toEqual([14, 2]);
    expect(await metric(gateway.url, 'gateway_queue_wait_seconds_count', { upstream: 'user' })).toBe(2);
    expect(await metric(gateway.url, 'gateway_upstream_capacity', { upstream: 'user' })).toBe(4);
    expect(await opened(gateway)).toBe(0);
  });
});

describe('a flapping service (FI-30)', () => {
  it('changes the circuit no more often than its pauses allow', async () => {
    const { gateway, alice } = await start({ GATEWAY_CIRCUIT_OPEN: '400ms' });
    const startedAt = performance.now();
    for (let n = 0; n < 6; n++) {
      await gateway.world.setFault('user', { mode: n % 2 === 0 ? 'down' : 'none' });
      await codes(alice, USER, 10);
    }
    const pauses = (performance.now() - startedAt) / (400 * 0.9);
    expect(await opened(gateway)).toBeLessThanOrEqual(Math.ceil(pauses) + 1);
  });
});

describe('a tenant whose requests all fail (FI-31)', () => {
  it('opens no circuit for others by bad requests, nor by leaving its calls no time', async () => {
    const { gateway, alice } = await start();
    const carol = await Client.of(gateway, 'carol@globex.test');
    expect(new Set(await codes(alice, '/api/v1/users/nobody', 10))).toEqual(new Set(['NOT_FOUND']));
    await gateway.world.setFault('user', { mode: 'slow', latencyMs: 40 });
    for (let n = 0; n < 10; n++) {
      await expectFetchProblem(await alice.get(USER, { 'x-request-timeout': '20ms' }), 'UPSTREAM_TIMEOUT');
    }
    await gateway.world.setFault('user', { mode: 'none' });
    expect(await codes(carol, '/api/v1/users/globex-carol', 3)).toEqual(['200', '200', '200']);
    expect(await opened(gateway)).toBe(0);
  });
});

describe('the try of a circuit (FI-32)', () => {
  it('proves nothing when its client leaves: the next request tries', async () => {
    const { gateway, alice } = await start({ GATEWAY_CIRCUIT_HALF_OPEN_MAX: '1', GATEWAY_USER_TIMEOUT: '5s' });
    await gateway.world.setFault('user', { mode: 'down' });
    await codes(alice, USER, 3);
    await gateway.world.setFault('user', { mode: 'hang' });
    await expect.poll(() => circuit(gateway, 'half_open')).toBe(1);
    const client = new AbortController();
    const headers = { authorization: `Bearer ${alice.token}` };
    const aborted = fetch(gateway.url + USER, { headers, signal: client.signal }).catch(() => 'aborted');
    await expect.poll(() => metric(gateway.url, 'gateway_upstream_in_flight_requests', { upstream: 'user' })).toBe(1);
    expect(await codes(alice, USER, 1)).toEqual(['CIRCUIT_OPEN']);
    client.abort();
    expect(await aborted).toBe('aborted');
    await expect.poll(() => metric(gateway.url, 'gateway_upstream_in_flight_requests', { upstream: 'user' })).toBe(0);
    expect(await circuit(gateway, 'half_open')).toBe(1);
    await gateway.world.setFault('user', { mode: 'none' });
    await expect.poll(async () => (await codes(alice, USER, 1))[0]).toBe('200');
    expect(await circuit(gateway, 'closed')).toBe(1);
  });

  it('succeeds with an answer that is the fault of its request', async () => {
    const { gateway, alice } = await start({ GATEWAY_CIRCUIT_HALF_OPEN_MAX: '1' });
    await gateway.world.setFault('user', { mode: 'down' });
    await codes(alice, USER, 3);
    await gateway.world.setFault('user', { mode: 'none' });
    await expect.poll(async () => (await codes(alice, '/api/v1/users/nobody', 1))[0]).toBe('NOT_FOUND');
    expect(await circuit(gateway, 'closed')).toBe(1);
  });

  it('fails at its deadline when it is never answered', async () => {
    const { gateway, alice } = await start();
    await gateway.world.setFault('user', { mode: 'hang' });
    await codes(alice, USER, 3);
    expect(await opened(gateway)).toBe(1);
    await expect.poll(() => circuit(gateway, 'half_open')).toBe(1);
    expect(await codes(alice, USER, 1)).toEqual(['UPSTREAM_TIMEOUT']);
    expect(await opened(gateway)).toBe(2);
  });
});
