import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { SteadyClients } from '../support/steady-clients.js';

const GRACE_MS = 13_000;
const USER = '/api/v1/users/acme-alice';

let sandbox: SandboxEnvironment;
let alice: string;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
  alice = await sandbox.issueToken('alice@acme.test');
});
afterAll(() => sandbox.close());

describe('SIGTERM under load', () => {
  it(
    'fails no request, tells open streams, and ends within its grace although nobody reads the log',
    { timeout: 180_000 },
    async () => {
      const pod = await GatewayProcess.start(sandbox, {
        GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '2s',
        GATEWAY_SHED_DELAY: '0s',
        GATEWAY_HEALTH_INTERVAL: '1h',
        GATEWAY_REQUEST_TIMEOUT: '3s',
        GATEWAY_HEADERS_TIMEOUT: '2s',
        GATEWAY_RECEIVE_TIMEOUT: '3s',
        GATEWAY_USER_TIMEOUT: '2s',
        GATEWAY_TENANT_TIMEOUT: '2s',
        GATEWAY_QUEUE_TIMEOUT: '50ms',
        GATEWAY_AI_TIMEOUT: '2s',
        GATEWAY_SHUTDOWN_TIMEOUT: '4s',
        GATEWAY_TERMINATION_GRACE: `${GRACE_MS / 1_000}s`,
        RATE_LIMIT_RPS: '10000',
        RATE_LIMIT_BURST: '10000',
        GATEWAY_RATE_LIMIT_IP_RPS: '0',
      });
      pod.child.stdout?.pause();
      const headers = {
        authorization: `Bearer ${alice}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      };
      const body = JSON.stringify({ query: 'stream 100000 tokens slow 100ms' });
      const opened = await Promise.all(
        Array.from({ length: 5 }, () => fetch(`${pod.url}/api/v1/ai:stream`, { method: 'POST', headers, body })),
      );
      const streams = opened.map((response) => response.text());
      const load = { url: `${pod.url}${USER}`, token: alice };
      const clients = new SteadyClients({ ...load, clients: 20, requestsPerSecond: 200, leaveOnClose: true });
      await expect.poll(() => clients.count(200)).toBeGreaterThan(100);
      const begun = performance.now();
      pod.child.kill('SIGTERM');
      await clients.left;
      const late = new SteadyClients({ ...load, clients: 5, requestsPerSecond: 50, leaveOnClose: true });
      await late.left;
      const codes = await pod.exited;
      expect([codes, [...clients.outcomes.keys()], [...late.outcomes.keys()]]).toEqual([0, [200], [200]]);
      expect(performance.now() - begun).toBeLessThan(GRACE_MS);
      for (const text of await Promise.all(streams)) expect(text).toMatch(/event: error\ndata: .*DRAINING/);
    },
  );
});
