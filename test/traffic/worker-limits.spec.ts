import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { until } from '../support/until.js';

const RATE = 40;
const SECONDS = 6;
const PAUSE_MS = 5;

let sandbox: SandboxEnvironment;
let gateway: GatewayProcess;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
  gateway = await GatewayProcess.start(sandbox, {
    GATEWAY_WORKERS: '2',
    GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
    GATEWAY_SHED_DELAY: '0s',
    RATE_LIMIT_RPS: String(RATE),
    RATE_LIMIT_BURST: String(RATE),
  });
  await until(() => gateway.lines.filter(({ msg }) => msg === 'worker_started').length === 2, {
    timeout: 60_000,
  });
});
afterAll(async () => {
  await gateway.kill();
  await sandbox.close();
});

/** Each on a connection of its own, which the workers take in turn. */
function ask(authorization: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const sent = request(`${gateway.url}/api/v1/users?page_size=1`, { agent, headers: { authorization } }, (response) =>
      response.resume().once('end', () => resolve(response.statusCode ?? 0)),
    );
    sent.once('error', reject).end();
  });
}

it('two workers without Redis grant a tenant its rate within a tenth of it', { timeout: 120_000 }, async () => {
  const authorization = `Bearer ${await sandbox.issueToken('alice@acme.test')}`;
  const begunAt = performance.now();
  const statuses: Promise<number>[] = [];
  while (performance.now() - begunAt < SECONDS * 1_000) {
    statuses.push(ask(authorization));
    await pause(PAUSE_MS);
  }
  const all = await Promise.all(statuses);
  // However long it took on this machine: what fits into the bucket, and what came into it meanwhile.
  const allowed = RATE + (RATE * (performance.now() - begunAt)) / 1_000;
  const granted = all.filter((status) => status === 200).length;
  expect(new Set(all)).toEqual(new Set([200, 429]));
  expect(granted / allowed).toBeGreaterThan(0.9);
  expect(granted / allowed).toBeLessThan(1.1);
});
