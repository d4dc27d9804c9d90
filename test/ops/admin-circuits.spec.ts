import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { adminActions, callAdmin, type ShownCircuits } from '../support/admin.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';
import { expectFetchProblem } from '../support/problem.js';

const USER = '/api/v1/users/acme-alice';
/** Three failures open a circuit, for a tenth of a second. */
const QUICK = {
  GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
  GATEWAY_CIRCUIT_PRESET: 'strict',
  GATEWAY_CIRCUIT_OPEN: '100ms',
  GATEWAY_CIRCUIT_MAX_OPEN: '100ms',
};

let gateway: TestGateway;
let alice: Client;
beforeAll(async () => {
  gateway = await startTestGateway({ env: QUICK });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterEach(async () => {
  for (const upstream of ['user', 'tenant'] as const) {
    await gateway.sandbox.setFault(upstream, { mode: 'none' });
    await change(upstream, 'reset');
  }
});
afterAll(() => gateway.close());

async function circuits(): Promise<readonly ShownCircuits[]> {
  const response = await callAdmin(gateway, 'GET', '/admin/circuits');
  return ((await response.json()) as { circuits: ShownCircuits[] }).circuits;
}

async function change(upstream: string, to: string): Promise<ShownCircuits> {
  const response = await callAdmin(gateway, 'POST', `/admin/circuits/${upstream}/${to}`);
  expect(response.status).toBe(200);
  return (await response.json()) as ShownCircuits;
}

async function codeOf(path: string): Promise<string | undefined> {
  return ((await (await alice.get(path)).json()) as { code?: string }).code;
}

const state = (upstream: string, name: string) =>
  metric(gateway.url, 'gateway_circuit_state', { upstream, state: name });
const changes = (to: string) => metric(gateway.url, 'gateway_circuit_transitions_total', { upstream: 'user', to });

describe('an operator', () => {
  it('sees the circuits of every service', async () => {
    const shown = await circuits();
    expect(shown.map(({ upstream }) => upstream)).toEqual(['auth', 'user', 'tenant', 'ai']);
    const closed = { state: 'closed', since: expect.any(String) as string, nextTry: null, held: false };
    for (const each of shown) expect(each).toMatchObject({ read: closed, write: closed });
  });

  it('opens the circuits of a service until they are closed: its calls are refused, others are not', async () => {
    const before = [await changes('open'), await changes('closed')].map(Number);
    const held = { state: 'open', nextTry: null, held: true };
    expect(await change('user', 'open')).toMatchObject({ upstream: 'user', read: held, write: held });
    await expectFetchProblem(await alice.get(USER), 'CIRCUIT_OPEN');
    await expectFetchProblem(await alice.send('DELETE', USER), 'CIRCUIT_OPEN');
    expect((await alice.get('/api/v1/tenants/acme')).status).toBe(200);
    expect([await state('user', 'open'), await changes('open')]).toEqual([1, (before[0] ?? 0) + 2]);
    expect(gateway.lines.map(({ msg }) => msg)).toContain('circuit_opened upstream=user calls=read');
    expect(await change('user', 'close')).toMatchObject({ read: { state: 'closed', held: false } });
    expect((await alice.get(USER)).status).toBe(200);
    expect([await state('user', 'closed'), await changes('closed')]).toEqual([1, (before[1] ?? 0) + 2]);
  });

  it('keeps them open for longer than a circuit stays open by itself', async () => {
    await change('user', 'open');
    await gateway.sandbox.setFault('tenant', { mode: 'down' });
    await expect.poll(() => codeOf('/api/v1/tenants/acme')).toBe('CIRCUIT_OPEN');
    // Opened after the one of the user service, and tried again before it.
    await expect.poll(() => state('tenant', 'half_open')).toBe(1);
    const [user] = (await circuits()).filter(({ upstream }) => upstream === 'user');
    expect(user).toMatchObject({ read: { state: 'open', held: true } });
    await expectFetchProblem(await alice.get(USER), 'CIRCUIT_OPEN');
  });

  it('closes a circuit that opened by itself', async () => {
    const before = Date.now();
    await gateway.sandbox.setFault('user', { mode: 'down' });
    await expect.poll(() => codeOf(USER)).toBe('CIRCUIT_OPEN');
    await gateway.sandbox.setFault('user', { mode: 'none' });
    const { read } = await change('user', 'reset');
    expect(read).toMatchObject({ state: 'closed', nextTry: null });
    expect(Date.parse(read.since)).toBeGreaterThanOrEqual(before);
  });

  it('sees when a circuit will be tried', async () => {
    const slow = await startTestGateway({
      env: { ...QUICK, GATEWAY_CIRCUIT_OPEN: '60s', GATEWAY_CIRCUIT_MAX_OPEN: '60s' },
    });
    try {
      const client = await Client.of(slow, 'alice@acme.test');
      await slow.sandbox.setFault('user', { mode: 'down' });
      for (let n = 0; n < 3; n++) await client.get(USER);
      const response = await callAdmin(slow, 'GET', '/admin/circuits');
      const [, user] = ((await response.json()) as { circuits: ShownCircuits[] }).circuits;
      expect(user).toMatchObject({ read: { state: 'open', held: false }, write: { state: 'closed' } });
      const wait = Date.parse(user?.read.nextTry ?? '') - Date.parse(user?.read.since ?? '');
      expect(wait).toBeGreaterThanOrEqual(53_900);
      expect(wait).toBeLessThanOrEqual(66_100);
    } finally {
      await slow.close();
    }
  });

  it('is told which services there are when he names one that is none', async () => {
    const response = await callAdmin(gateway, 'POST', '/admin/circuits/usr/open');
    const body = await expectFetchProblem(response, 'NOT_FOUND');
    expect(body['detail']).toBe('There is no service "usr"; known: auth, user, tenant, ai.');
  });
});

describe('a second gateway in the process', () => {
  let second: TestGateway;
  beforeAll(async () => {
    second = await startTestGateway({ env: QUICK });
  });
  afterAll(() => second.close());

  it('has a listener and circuits of its own, and one line and one count for each call', async () => {
    await callAdmin(second, 'POST', '/admin/circuits/user/open');
    await callAdmin(second, 'POST', '/admin/circuits/usr/open');
    await callAdmin(second, 'POST', '/admin/circuits/user/open?token=secret');
    await callAdmin(second, 'GET', '/admin/ping');
    await expect.poll(() => adminActions(second.lines).length).toBe(4);
    const { caller, ...ok } = { caller: '127.0.0.1', level: 'info', status: 200, outcome: 'ok', unlogged: 0 };
    const refused = { level: 'warn', status: 404, outcome: 'refused', error_code: 'NOT_FOUND' };
    expect(adminActions(second.lines)).toMatchObject([
      { caller, ...ok, method: 'POST', path: '/admin/circuits/user/open', error_code: null },
      { caller, ...refused, method: 'POST', path: '/admin/circuits/usr/open' },
      { caller, ...refused, status: 400, error_code: 'INVALID_ARGUMENT', path: '/admin/circuits/user/open' },
      { caller, ...ok, method: 'GET', path: '/admin/ping' },
    ]);
    expect(JSON.stringify(second.lines)).not.toContain('secret');
    const count = (outcome: string) => metric(second.url, 'gateway_admin_actions_total', { outcome });
    expect([await count('ok'), await count('refused'), await count('failed')]).toEqual([2, 2, 0]);
    expect((await circuits())[1]).toMatchObject({ read: { state: 'closed' } });
  });
});
