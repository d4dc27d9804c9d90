import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { shelfDirectory } from '../support/outbox-bench.js';

const REPORT = '/tenant.v1.TenantService/ReportUsage';
/** Short times, and a circuit that opens late and not for long. */
const QUICK = {
  GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL: '20ms',
  GATEWAY_BUDGET_DEBIT_MAX_BACKOFF: '100ms',
  GATEWAY_CIRCUIT_OPEN: '100ms',
  GATEWAY_CIRCUIT_MAX_OPEN: '100ms',
};

let gateway: TestGateway;
afterEach(() => gateway.close());

const start = async (env: Record<string, string> = {}) => {
  gateway = await startTestGateway({ env: { ...QUICK, ...env } });
};
const events = () => [...gateway.sandbox.directory.usage.values()];
const subjects = () => events().map(({ subject }) => subject);
const ask = (client: Client, query: string) => client.send('POST', '/api/v1/ai', { query });
const read = async (client: Client, query: string) =>
  (await client.send('POST', '/api/v1/ai:stream', { query })).text().catch(() => 'cut');

/** A caller of their own for each name, so that an event tells which call it came from. */
async function caller(sub: string, claims: Record<string, string> = {}): Promise<Client> {
  return new Client(gateway.url, await gateway.sandbox.issueToken('alice@acme.test', { sub, ...claims }));
}

async function callAs(...subs: string[]): Promise<void> {
  for (const sub of subs) expect((await ask(await caller(sub), 'hello')).status).toBe(200);
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`gateway_budget_debit_outbox_${name} `));
  return Number(line?.split(' ')[1]);
}

describe('an answered AI call', () => {
  it('reaches TenantService as one event in the name of its caller', async () => {
    await start();
    const before = Date.now();
    await callAs('acme-alice');
    await expect.poll(subjects).toEqual(['acme-alice']);
    const [event] = events();
    expect(event).toMatchObject({ tenantId: 'acme', meter: 'ai.query', quantity: '1' });
    expect(event?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const { seconds = 0, nanos = 0 } = event?.occurTime ?? {};
    const occurredAt = Number(seconds) * 1000 + nanos / 1e6;
    expect(occurredAt).toBeGreaterThanOrEqual(before);
    expect(occurredAt).toBeLessThanOrEqual(Date.now());
  });

  it('counts as one when it is a stream, whole or broken off', async () => {
    await start();
    await read(await caller('whole'), 'stream 5 tokens');
    await read(await caller('broken'), 'stream 5 tokens fail after 3');
    await expect.poll(subjects).toEqual(['whole', 'broken']);
    expect(events().map(({ quantity }) => quantity)).toEqual(['1', '1']);
  });

  it('is recorded before the client has the first token of a stream', async () => {
    await start({ GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL: '1h', GATEWAY_BUDGET_DEBIT_MAX_BACKOFF: '1h' });
    const client = await caller('reader');
    const { body } = await client.send('POST', '/api/v1/ai:stream', { query: 'stream 1000 tokens slow 50ms' });
    const reader = body?.getReader();
    await reader?.read();
    expect(await metric('depth')).toBe(1);
    await reader?.cancel();
  });

  it('is the only one that counts: not one that failed, was refused, or used no AI', async () => {
    await start();
    const client = await caller('acme-alice');
    expect((await ask(client, 'fail first')).status).toBe(503);
    expect((await ask(client, '')).status).toBe(400);
    expect((await client.send('POST', '/api/v1/ai', '{')).status).toBe(400);
    expect((await client.get('/api/v1/users')).status).toBe(200);
    await read(client, 'fail first');
    expect(await metric('depth')).toBe(0);
    await callAs('last');
    await expect.poll(subjects).toEqual(['last']);
  });

  it('is reported in nobody’s name but the gateway’s', async () => {
    await start();
    await callAs('acme-alice');
    const { metadata } = await gateway.sandbox.calls.waitFor(({ method }) => method === REPORT);
    expect(metadata).toMatchObject({ 'x-gateway-subject': ['api-gateway'] });
    expect(metadata['x-gateway-tenant']).toEqual(['']);
  });
});

describe('the metrics of the outbox', () => {
  it('are there from the start', async () => {
    await start({ GATEWAY_BUDGET_DEBIT_CAPACITY: '77' });
    const names = [
      'depth',
      'flush_failures_total',
      '4xx_drops_total',
      'dropped_total',
      'shelf_bytes',
      'shelf_capacity_bytes',
      'unsaved',
      'journal_write_failures_total',
    ];
    for (const name of names) expect([name, await metric(name)]).toEqual([name, 0]);
    expect(await metric('capacity')).toBe(77);
  });

  it('say how much a shelf may hold', async () => {
    await start({ GATEWAY_BUDGET_DEBIT_SHELF_DIR: shelfDirectory(), GATEWAY_BUDGET_DEBIT_SHELF_BYTES: '2MiB' });
    expect(await metric('shelf_capacity_bytes')).toBe(2 * 1024 ** 2);
  });
});

describe('while TenantService is down', () => {
  it('events wait, and arrive once each and in their order when it is back', async () => {
    await start({ GATEWAY_BUDGET_DEBIT_BATCH_SIZE: '3' });
    await gateway.sandbox.setFault('tenant', { mode: 'down' });
    const subs = Array.from({ length: 10 }, (_, n) => `call-${n}`);
    await callAs(...subs);
    await expect.poll(() => metric('flush_failures_total')).toBeGreaterThan(1);
    expect([events(), await metric('depth')]).toEqual([[], 10]);
    await gateway.sandbox.setFault('tenant', { mode: 'none' });
    await expect.poll(subjects).toEqual(subs);
    await expect.poll(() => metric('depth')).toBe(0);
    expect([await metric('dropped_total'), await metric('4xx_drops_total')]).toEqual([0, 0]);
  });

  it('the oldest give way when there is no room, and the line says since when', async () => {
    await start({ GATEWAY_BUDGET_DEBIT_CAPACITY: '3' });
    await gateway.sandbox.setFault('tenant', { mode: 'down' });
    await callAs('a', 'b', 'c', 'd', 'e');
    expect([await metric('depth'), await metric('capacity')]).toEqual([3, 3]);
    await expect.poll(() => metric('dropped_total')).toBe(2);
    await gateway.sandbox.setFault('tenant', { mode: 'none' });
    await expect.poll(subjects).toEqual(['c', 'd', 'e']);
    await expect.poll(() => gateway.lines.filter(({ msg }) => msg === 'outbox_evicted').length).toBeGreaterThan(0);
    const counts = gateway.lines.filter(({ msg }) => msg === 'outbox_evicted').map(({ count }) => Number(count));
    expect(counts.reduce((sum, count) => sum + count)).toBe(2);
  });
});

describe('an event that TenantService refuses', () => {
  it('is dropped, counted and named, and takes no other with it', async () => {
    await start({
      GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL: '1h',
      GATEWAY_BUDGET_DEBIT_MAX_BACKOFF: '1h',
      GATEWAY_BUDGET_DEBIT_BATCH_SIZE: '3',
    });
    await callAs('before');
    expect((await ask(await caller('stray', { tenant_id: 'archived' }), 'hello')).status).toBe(200);
    await callAs('after');
    await expect.poll(subjects).toEqual(['before', 'after']);
    await expect.poll(() => metric('4xx_drops_total')).toBe(1);
    const lines = gateway.lines.filter(({ msg }) => msg === 'outbox_rejected');
    expect(lines).toMatchObject([{ level: 'error', tenant_id: 'archived', meter: 'ai.query', reason: 'NOT_FOUND' }]);
    expect(JSON.stringify(lines)).not.toContain('stray');
    expect(await metric('depth')).toBe(0);
  });
});

describe('a drain', () => {
  it('sends what is left before it ends', async () => {
    await start({ GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL: '1h', GATEWAY_BUDGET_DEBIT_MAX_BACKOFF: '1h' });
    await callAs('a', 'b');
    expect(events()).toEqual([]);
    await gateway.gateway.drain();
    expect(subjects()).toEqual(['a', 'b']);
  });
});
