import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_HEALTH_INTERVAL: '1s', GATEWAY_RECOVERY_HOLD: '0s' } });
});
afterAll(() => gateway.close());

async function get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(gateway.url + path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('health', () => {
  it('names each service with its verdict', async () => {
    await expect
      .poll(() => get('/health'))
      .toMatchObject({
        status: 200,
        body: {
          status: 'healthy',
          checks: {
            'auth-service': 'healthy',
            'user-service': 'healthy',
            'tenant-service': 'healthy',
            'ai-service': 'healthy',
          },
        },
      });
  });

  it('of a service that is gone is told on every path that asks for it, once in the log, and not to probes', async () => {
    await gateway.sandbox.setFault('user', { mode: 'down' });
    await expect
      .poll(() => get('/health'))
      .toMatchObject({ status: 503, body: { status: 'degraded', checks: { 'user-service': 'refused' } } });
    expect(await get('/healthz')).toMatchObject({ status: 503 });
    expect([(await get('/readyz')).status, (await get('/livez')).status, (await get('/startupz')).status]).toEqual([
      200, 200, 200,
    ]);
    const told = () => gateway.lines.map(({ msg }) => String(msg)).filter((text) => text.includes('component=user'));
    await expect.poll(told).toEqual(['degraded component=user']);
    await gateway.sandbox.setFault('user', { mode: 'none' });
    await expect.poll(() => get('/healthz')).toMatchObject({ status: 200 });
    expect(told()).toEqual(['degraded component=user', 'recovered component=user']);
  });

  it('overlooks the AI service on /health and not on /healthz', async () => {
    await gateway.sandbox.setFault('ai', { mode: 'down' });
    await expect
      .poll(() => get('/healthz'))
      .toMatchObject({ status: 503, body: { checks: { 'ai-service': 'refused' } } });
    expect((await get('/health')).status).toBe(200);
    await gateway.sandbox.setFault('ai', { mode: 'none' });
  });

  it('overlooks keys that cannot be refreshed on /health and not on /healthz', async () => {
    const own = await startTestGateway({
      env: { GATEWAY_HEALTH_INTERVAL: '100ms', GATEWAY_JWKS_CACHE_TTL: '1s', GATEWAY_BUDGET_DEBIT_CAPACITY: '1000' },
    });
    const read = async (path: string) => {
      const response = await fetch(own.url + path);
      return { code: response.status, ...((await response.json()) as object) };
    };
    try {
      expect(await read('/healthz')).toMatchObject({ checks: { 'usage-outbox': 'healthy' } });
      await own.sandbox.setFault('jwks', { mode: 'down' });
      const failing = { checks: { 'signing-keys': 'not refreshed' } };
      await expect.poll(() => read('/healthz')).toMatchObject({ code: 503, ...failing });
      expect(await read('/health')).toMatchObject({ code: 200, ...failing });
    } finally {
      await own.close();
    }
  });

  it('is not cached and asks no backend', async () => {
    await expect.poll(() => get('/healthz')).toMatchObject({ status: 200 });
    gateway.sandbox.calls.clear();
    const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${gateway.url}/healthz`)));
    expect(answers.every((answer) => answer.headers.get('cache-control') === 'no-store')).toBe(true);
    const checks = gateway.sandbox.calls.list().filter((call) => call.method.startsWith('/grpc.health.v1.'));
    expect(checks.length).toBeLessThanOrEqual(8);
  });
});

describe('readiness', () => {
  it('waits for signing keys, comes by itself, and liveness does not', async () => {
    const { startSandbox: startWorld } = await import('../../sandbox/environment.js');
    const sandbox = await startWorld({ faultServer: false });
    await sandbox.setFault('jwks', { mode: 'down' });
    const own = await startTestGateway({ sandbox, env: { GATEWAY_JWKS_CACHE_TTL: '1s' }, waitUntilReady: false });
    try {
      const ready = async () => (await fetch(`${own.url}/readyz`)).status;
      expect(await (await fetch(`${own.url}/readyz`)).json()).toMatchObject({
        status: 'unready',
        failing: ['signing_keys'],
      });
      expect((await fetch(`${own.url}/livez`)).status).toBe(200);
      await sandbox.setFault('jwks', { mode: 'none' });
      await expect.poll(ready).toBe(200);
    } finally {
      await own.close();
    }
  });
});
