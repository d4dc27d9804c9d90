import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { builtProgram, GatewayProcess } from '../support/gateway-process.js';
import { metric } from '../support/metrics.js';
import { RawClient } from '../support/raw-client.js';

const REFUSED = 'gateway_client_connections_refused_total';
const GET = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';

let sandbox: SandboxEnvironment;
const clients: RawClient[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
});
afterEach(() => leaveAll());
afterAll(() => sandbox.close());

async function openMany(url: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) clients.push(await RawClient.open(url));
}

function leaveAll(): void {
  for (const client of clients.splice(0)) client.leave();
}

describe('connections above GATEWAY_MAX_CONNECTIONS', () => {
  let gateway: TestGateway | undefined;
  afterEach(() => gateway?.gateway.drain());

  it('are closed immediately, counted, and reported once; those that are open go on', async () => {
    gateway = await startTestGateway({
      sandbox,
      env: { GATEWAY_MAX_CONNECTIONS: '10', GATEWAY_RECOVERY_HOLD: '0s', OPS_PORT: '0' },
    });
    const { url, lines } = gateway;
    const messages = () => lines.map(({ msg }) => msg).filter((msg) => String(msg).includes('component=connections'));
    await openMany(url, 10);
    // The one that startTestGateway asked with may still be open.
    await expect
      .poll(async () => {
        const extra = await RawClient.open(url);
        const isClosed = await Promise.race([extra.closed.then(() => true), extra.ended().then(() => true)]);
        extra.leave();
        return isClosed;
      })
      .toBe(true);
    const refused = () => metric(gateway?.gateway.opsUrl ?? '', REFUSED, { reason: 'limit' });
    expect(await refused()).toBeGreaterThan(0);
    await expect.poll(messages).toEqual(['degraded component=connections']);
    const [open] = clients;
    open?.send(GET);
    await expect.poll(() => open?.statuses).toEqual([200]);
    leaveAll();
    await expect.poll(messages).toEqual(['degraded component=connections', 'recovered component=connections']);
  });
});

describe('a process without file descriptors', { timeout: 60_000 }, () => {
  let gateway: GatewayProcess;
  afterEach(() => gateway.kill());

  it('says so, in the log and in a metric, lives on, and serves when there are some again', async () => {
    const limited = ['-c', 'ulimit -n 120; exec "$0" "$@"', process.execPath, ...builtProgram()];
    const env = { GATEWAY_RECOVERY_HOLD: '0s', GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' };
    gateway = await GatewayProcess.start(sandbox, env, limited, 'sh');
    const has = (msg: string) => gateway.lines.some((line) => line.msg === msg);
    expect(gateway.lines.find(({ msg }) => msg === 'open_files_limit_low')).toMatchObject({
      limit: 120,
      needed: 10_200,
    });
    await openMany(gateway.url, 130);
    await expect.poll(() => has('degraded component=file_descriptors')).toBe(true);
    leaveAll();
    await expect.poll(() => has('recovered component=file_descriptors')).toBe(true);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    expect(await metric(gateway.url, REFUSED, { reason: 'file_descriptors' })).toBeGreaterThan(0);
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
  });
});
