import { afterEach, expect, it } from 'vitest';
import { BackendStub, GOOD, SILENT } from '../support/backend-stub.js';
import { NO_CIRCUIT } from '../support/fault-settings.js';
import { type Ask, FaultFixture } from '../support/fault-fixture.js';
import { trailersOnly } from '../support/http2-stub.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { TESTED_TRANSPORT } from '../support/tested-transport.js';

const USER = '/api/v1/users/acme-alice';
const CLIENTS = 6;
const CHANGE = { method: 'PATCH', body: { displayName: 'Alice' } };

/** A pod of UserService, and the road that it is killed on. */
interface Pod {
  readonly stub: BackendStub;
  readonly proxy: TcpProxy;
}

let faults: FaultFixture;
let pods: Pod[];
let isOver: boolean;
afterEach(async () => {
  isOver = true;
  await faults.close();
  for (const { stub, proxy } of pods) {
    await proxy.close();
    await stub.close();
  }
});

async function startPod(): Promise<Pod> {
  const stub = await BackendStub.start();
  return { stub, proxy: await TcpProxy.to(stub.address) };
}

/** Sends sixty calls. Returns how many each pod receives. */
async function shares(): Promise<number[]> {
  const before = pods.map(({ stub }) => stub.calls.length);
  const seen = await Promise.all(Array.from({ length: CLIENTS }, () => faults.codes(USER, 60 / CLIENTS)));
  expect(new Set(seen.flat())).toEqual(new Set(['200']));
  return pods.map(({ stub }, n) => stub.calls.length - (before[n] ?? 0));
}

/** Requests without a pause until it is over, one at a time from each client; the codes of all. */
function load(ask: Ask): Promise<string[]> {
  const client = async () => {
    const seen: string[] = [];
    while (!isOver) seen.push(await faults.code(USER, ask));
    return seen;
  };
  return Promise.all(Array.from({ length: CLIENTS }, client)).then((all) => all.flat());
}

async function startThree(): Promise<void> {
  pods = [await startPod(), await startPod(), await startPod()];
  const addresses = pods.map(({ proxy }) => proxy.address);
  const env = { ...NO_CIRCUIT, USER_SERVICE_URL: `ipv4:${addresses.join(',')}`, GATEWAY_USER_TIMEOUT: '20s' };
  faults = await FaultFixture.start({ env });
  await expect.poll(async () => Math.min(...(await shares()))).toBeGreaterThan(12);
}

it('one of three pods that is killed under load fails no read and only writes in flight; the others take its share until it is back (FI-2)', async () => {
  await startThree();
  const [first, second, third] = pods as [Pod, Pod, Pod];
  isOver = false;
  const [reads, writes] = [load({}), load(CHANGE)];
  // Sooner or later each client has its call there.
  second.stub.reply = SILENT;
  await expect.poll(() => second.stub.openStreams).toBe(2 * CLIENTS);
  await second.proxy.cut();
  second.stub.reply = GOOD;
  const soFar = first.stub.calls.length;
  await expect.poll(() => first.stub.calls.length).toBeGreaterThan(soFar + 50);
  isOver = true;
  expect(new Set(await reads), 'reads').toEqual(new Set(['200']));
  const lost = (await writes).filter((code) => code !== '200');
  expect(lost).toEqual(Array(CLIENTS).fill('UPSTREAM_UNAVAILABLE'));

  const [one, two, three] = await shares();
  expect([two, one! + three!]).toEqual([0, 60]);
  expect(Math.min(one!, three!)).toBeGreaterThan(20);
  await second.proxy.repair();
  await expect.poll(async () => Math.min(...(await shares()))).toBeGreaterThan(12);
  expect(third.stub.openStreams).toBe(0);
  await faults.expectSound(
    'upstream_grpc_retries_total{upstream="user",method="GetUser"}',
    'upstream_grpc_connection_failures_total{upstream="user",reason="reset"}',
  );
});

it('one of three pods that only fails is kept from calls after a few, so that its clients notice a few (FI-2)', async () => {
  await startThree();
  const [, second] = pods as [Pod, Pod, Pod];
  second.stub.reply = trailersOnly({ 'grpc-status': '13' });
  const seen = await faults.codes(USER, 40, CHANGE);
  // grpc-js has nothing that ejects a pod for its answers: it keeps its share of the calls.
  if (TESTED_TRANSPORT === 'grpc-js') {
    expect(seen.filter((code) => code === 'UPSTREAM_ERROR').length).toBeGreaterThan(10);
    expect(await faults.moved('upstream_grpc_ejections_total{upstream="user"}')).toBe(0);
    second.stub.reply = GOOD;
    return faults.expectSound('upstream_grpc_errors_total{upstream="user",method="UpdateUser"}');
  }
  expect(seen.filter((code) => code !== '200')).toEqual(Array(5).fill('UPSTREAM_ERROR'));
  const [one, two, three] = await shares();
  expect([two, one! + three!]).toEqual([0, 60]);
  await faults.expectSound('upstream_grpc_ejections_total{upstream="user"}');
});
