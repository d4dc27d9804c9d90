import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { countStatuses } from '../support/rate-limits.js';
import { TestRedis } from '../support/redis.js';

const USERS = '/api/v1/users?page_size=1';
const RATE = 10;
/** Interval of a load balancer's health checks, in ms: much shorter than the wait before a drain. */
const PROBE_MS = 100;

let sandbox: SandboxEnvironment;
let redis: TestRedis;
const pods: GatewayProcess[] = [];
/** Pods that the load balancer sends requests to. */
let endpoints: readonly GatewayProcess[] = [];
const stop = new AbortController();

beforeAll(async () => {
  [sandbox, redis] = await Promise.all([startSandbox({ faultServer: false, idp: false }), TestRedis.start()]);
  await Promise.all([startPod(), startPod(), startPod()]);
});
afterAll(async () => {
  stop.abort();
  await Promise.all(pods.map((pod) => pod.kill()));
  await Promise.all([sandbox.close(), redis.close()]);
});

async function startPod(): Promise<void> {
  const pod = await GatewayProcess.start(sandbox, {
    REDIS_URL: redis.url,
    GATEWAY_REPLICAS: '3',
    // A busy machine must not make an instance decide alone.
    GATEWAY_REDIS_COMMAND_TIMEOUT: '500ms',
    GATEWAY_RATE_LIMIT_STORE_TIMEOUT: '400ms',
    GATEWAY_SHED_DELAY: '0s',
    GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '2s',
    RATE_LIMIT_RPS: `${RATE}`,
    RATE_LIMIT_BURST: `${RATE}`,
  });
  pods.push(pod);
  endpoints = [...endpoints, pod];
}

/** Takes pods that are not ready out of the load balancer, as Kubernetes does. */
async function watchEndpoints(): Promise<void> {
  while (!stop.signal.aborted) {
    const ready = await Promise.all(endpoints.map(async (pod) => (await fetch(`${pod.url}/readyz`)).ok));
    const gone = new Set(endpoints.filter((_, index) => ready[index] === false));
    endpoints = endpoints.filter((pod) => !gone.has(pod));
    await pause(PROBE_MS);
  }
}

/** Requests to the pods in turn over connections that are kept, until the end; the responses. */
async function press(email: string, pauseMs: number): Promise<Response[]> {
  const headers = { authorization: `Bearer ${await sandbox.issueToken(email)}` };
  const responses: Response[] = [];
  for (let n = 0; !stop.signal.aborted; n += 1) {
    const pod = endpoints[n % endpoints.length];
    const response = await fetch(`${pod?.url}${USERS}`, { headers });
    await response.arrayBuffer();
    responses.push(response);
    await pause(pauseMs);
  }
  return responses;
}

it('three gateways on one Redis that are replaced one by one under load fail no request, and keep the rate of a tenant', async () => {
  const begun = performance.now();
  const watching = watchEndpoints();
  const quiet = press('alice@acme.test', 250);
  const greedy = Promise.all(Array.from({ length: 3 }, () => press('carol@globex.test', 50)));
  for (const old of pods.slice(0, 3)) {
    await startPod();
    old.child.kill('SIGTERM');
    expect(await old.exited).toBe(0);
  }
  stop.abort();
  await watching;
  expect(Object.keys(countStatuses(await quiet))).toEqual(['200']);
  const statuses = countStatuses((await greedy).flat());
  expect(Object.keys(statuses)).toEqual(['200', '429']);
  const limit = RATE + (RATE * (performance.now() - begun)) / 1000;
  expect(statuses[200]).toBeGreaterThan(0.9 * limit);
  expect(statuses[200]).toBeLessThan(1.1 * limit);
});
