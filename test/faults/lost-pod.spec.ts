import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { BackendStub, GOOD } from '../support/backend-stub.js';
import { type Ask, FaultWorld, NO_CIRCUIT } from '../support/fault-world.js';
import { Road } from '../support/road.js';

const USER = '/api/v1/users/acme-alice';
const CLIENTS = 6;
const CHANGE = { method: 'PATCH', body: { displayName: 'Alice' } };

/** A pod of UserService, and the road that it is killed on. */
interface Pod {
  readonly stub: BackendStub;
  readonly road: Road;
}

let faults: FaultWorld;
let pods: Pod[];
let isOver = false;
afterEach(async () => {
  isOver = true;
  await faults.close();
  for (const { stub, road } of pods) {
    await road.close();
    await stub.close();
  }
});

async function startPod(): Promise<Pod> {
  const stub = await BackendStub.start();
  // Long enough that there is always a call in flight under load.
  stub.reply = (stream, headers) => void pause(5).then(() => stream.destroyed || GOOD(stream, headers));
  return { stub, road: await Road.to(stub.address) };
}

/** How many of sixty calls each pod gets. */
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

it('one of three pods that is killed under load fails no read and only writes in flight; the others take its share until it is back (FI-2)', async () => {
  pods = [await startPod(), await startPod(), await startPod()];
  const [first, second, third] = pods as [Pod, Pod, Pod];
  const addresses = pods.map(({ road }) => road.address);
  faults = await FaultWorld.start({ env: { ...NO_CIRCUIT, USER_SERVICE_URL: `ipv4:${addresses.join(',')}` } });
  await expect.poll(async () => Math.min(...(await shares()))).toBeGreaterThan(12);

  const [reads, writes] = [load({}), load(CHANGE)];
  const seen = second.stub.calls.length;
  await expect.poll(() => second.stub.calls.length).toBeGreaterThan(seen + 20);
  await second.road.cut();
  const soFar = first.stub.calls.length;
  await expect.poll(() => first.stub.calls.length).toBeGreaterThan(soFar + 50);
  isOver = true;
  expect(new Set(await reads), 'reads').toEqual(new Set(['200']));
  const lost = (await writes).filter((code) => code !== '200');
  expect(new Set([...lost, 'UPSTREAM_UNAVAILABLE'])).toEqual(new Set(['UPSTREAM_UNAVAILABLE']));
  expect(lost.length).toBeLessThanOrEqual(CLIENTS);

  const [one, two, three] = await shares();
  expect([two, one! + three!]).toEqual([0, 60]);
  expect(Math.min(one!, three!)).toBeGreaterThan(20);
  await second.road.repair();
  await expect.poll(async () => Math.min(...(await shares()))).toBeGreaterThan(12);
  expect(third.stub.openStreams).toBe(0);
  await faults.expectSound(
    'upstream_grpc_retries_total{upstream="user",method="GetUser"}',
    'upstream_grpc_connection_failures_total{upstream="user",reason="reset"}',
  );
});
