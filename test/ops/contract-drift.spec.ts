import { afterAll, beforeAll, expect, test } from 'vitest';
import { callAdmin } from '../support/admin.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { Scrape } from '../support/metrics.js';
import { reflectingBackend, type ReflectingBackend } from './reflecting-backend.js';
import type { DriftReport } from '../../src/ops/contract-drift.js';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';

/** The RPC has another name, and the first field of a message another number. */
function change(file: FileDescriptorProto): void {
  for (const method of file.service[0]?.method ?? []) if (method.name === 'GetUser') method.name = 'FetchUser';
  for (const field of file.messageType.find(({ name }) => name === 'User')?.field ?? []) {
    if (field.number === 1) field.number = 99;
  }
}

let user: ReflectingBackend;
let tenant: ReflectingBackend;
let ai: ReflectingBackend;
let gateway: TestGateway;

beforeAll(async () => {
  user = await reflectingBackend('user', { change });
  tenant = await reflectingBackend('tenant', { versions: [] });
  ai = await reflectingBackend('ai', { hangs: true });
  gateway = await startTestGateway({
    env: {
      GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
      GATEWAY_CONTRACT_DRIFT_INTERVAL: '200ms',
      USER_SERVICE_URL: user.address,
      TENANT_SERVICE_URL: tenant.address,
      AI_SERVICE_URL: ai.address,
    },
  });
});

afterAll(async () => {
  await gateway.close();
  for (const backend of [user, tenant, ai]) backend.close();
});

async function reports(): Promise<Record<string, DriftReport>> {
  const response = await callAdmin(gateway, 'GET', '/admin/upstreams');
  const { upstreams } = (await response.json()) as { upstreams: { upstream: string; contract: DriftReport }[] };
  return Object.fromEntries(upstreams.map(({ upstream, contract }) => [upstream, contract]));
}

function linesOf(event: string) {
  return gateway.lines.filter(({ msg }) => String(msg).startsWith(`${event} `));
}

test('a backend whose contract differs is told of by log, metric and admin listener, and served all the same', async () => {
  await expect.poll(async () => (await reports())['user']?.state).toBe('drifted');
  const { differences = [] } = (await reports())['user'] ?? {};
  expect(differences.toSorted()).toEqual([
    'field user.v1.User.id (1) is missing',
    'rpc user.v1.UserService.GetUser is missing',
  ]);
  expect(linesOf('contract_drift')).toHaveLength(1);
  expect(linesOf('contract_drift')[0]).toMatchObject({
    upstream: 'user',
    differences,
    msg: expect.stringContaining('contract_drift upstream=user differences=2: field user.v1') as string,
  });
  expect((await Scrape.of(gateway.url)).sum('gateway_contract_drift{upstream="user"}')).toBe(2);
  const ready = await fetch(`${gateway.url}/readyz`);
  expect(ready.status).toBe(200);
});

test('a backend as it was mounted, one without reflection and one that hangs are told apart', async () => {
  await expect.poll(async () => (await reports())['auth']?.state).toBe('same');
  await expect.poll(async () => (await reports())['ai']?.failure).not.toBe('not asked yet');
  const { auth, tenant: silent, ai: hanging } = await reports();
  expect(auth).toEqual({ state: 'same', differences: [], additions: [] });
  expect(silent).toMatchObject({ state: 'unknown', failure: 'it does not offer server reflection' });
  expect(hanging).toMatchObject({ state: 'unknown', failure: expect.any(String) as string });
  const scrape = await Scrape.of(gateway.url);
  expect(scrape.values('gateway_contract_drift{upstream="auth"}')).toEqual([0]);
  for (const unknown of ['tenant', 'ai']) {
    expect(scrape.values(`gateway_contract_drift{upstream="${unknown}"}`)).toEqual([]);
  }
});

test('the start tells of each upstream where it is and whether it can be reached', () => {
  const told = linesOf('upstream_probe').map(({ upstream, target, health }) => ({ upstream, target, health }));
  expect(told).toHaveLength(4);
  expect(told).toContainEqual({ upstream: 'user', target: `dns:///${user.address}`, health: 'serving' });
});

test('the end of a drift is told, too', async () => {
  const { port } = user;
  user.close();
  user = await reflectingBackend('user', { port, versions: ['v1alpha'] });
  await expect.poll(async () => (await reports())['user']?.state).toBe('same');
  expect(linesOf('contract_drift_ended')).toMatchObject([{ upstream: 'user' }]);
  expect((await Scrape.of(gateway.url)).sum('gateway_contract_drift{upstream="user"}')).toBe(0);
});

test('a reflection that hangs does not take calls of the same upstream', async () => {
  const alice = await Client.of(gateway, 'alice@acme.test');
  const answer = await alice.send('POST', '/api/v1/ai', { query: 'hello' });
  expect(await answer.json()).toMatchObject({ code: 'UPSTREAM_UNIMPLEMENTED' });
});
