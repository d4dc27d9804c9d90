import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { RawClient } from '../support/raw-client.js';

const UNARY = '/ai.v1.AIService/ProcessQuery';
/** The time of a drain with nothing to wait for is below it by far; a drain that hangs is above it. */
const GRACE_MS = 20_000;

let sandbox: SandboxEnvironment;
let token: string;
let gateway: GatewayProcess;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
  token = await sandbox.issueToken('alice@acme.test');
});
afterEach(() => gateway.kill());
afterAll(() => sandbox.close());

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  gateway = await GatewayProcess.start(sandbox, { GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s', ...env });
}

function ask(query: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(`${gateway.url}/api/v1/ai`, { method: 'POST', headers, body: JSON.stringify({ query }) });
}

const count = (msg: string) => gateway.lines.filter((line) => line.msg === msg).length;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** SIGHUP asks for a reload, which a drain does not begin, and ends nothing. */
const PAIRS = SIGNALS.flatMap((first) => [...SIGNALS, 'SIGHUP' as const].map((second) => [first, second] as const));

describe('a draining gateway', { timeout: 60_000 }, () => {
  it.each(PAIRS)('goes on with its one drain: %s, then %s, and again', async (first, second) => {
    await start();
    sandbox.calls.clear();
    const slow = ask('slow 2500ms');
    await sandbox.calls.waitFor(({ method }) => method === UNARY);
    gateway.child.kill(first);
    await expect.poll(() => count('drain_started')).toBe(1);
    for (const signal of [second, first, second, second]) {
      gateway.child.kill(signal);
      await expect
        .poll(() =>
          fetch(`${gateway.url}/livez`).then(
            () => 'up',
            () => 'closed',
          ),
        )
        .toBe('closed');
    }
    expect((await slow).status).toBe(200);
    expect(await gateway.exited).toBe(0);
    expect([count('stop_requested'), count('drain_started'), count('drain_finished')]).toEqual([1, 1, 1]);
  });

  it('says what it waits for: requests by route and stage, and the oldest', async () => {
    await start();
    sandbox.calls.clear();
    const slow = Array.from({ length: 7 }, () => ask('slow 2500ms'));
    await expect.poll(() => sandbox.calls.list().filter(({ method }) => method === UNARY).length).toBe(7);
    gateway.child.kill('SIGTERM');
    for (const answer of await Promise.all(slow)) expect(answer.status).toBe(200);
    await gateway.exited;
    const progress = gateway.lines.find(({ msg }) => msg === 'drain_progress');
    expect(progress).toMatchObject({ in_flight: 7, routes: { '/api/v1/ai': { upstream: 7 } } });
    const oldest = progress?.['oldest'] as { age_ms: number }[];
    expect(oldest).toHaveLength(5);
    expect(oldest[0]).toMatchObject({
      route: '/api/v1/ai',
      stage: 'upstream',
      upstream: 'ai',
      age_ms: progress?.['oldest_ms'],
    });
  });

  it('ends while clients hold connections of every kind', async () => {
    await start();
    const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.open(gateway.url)));
    clients[1]?.send('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n');
    clients[2]?.send('\u0016\u0003\u0001');
    clients[3]?.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    clients[4]?.send('GET /livez HTTP/1.1\r\nHo');
    clients[5]?.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n').halfClose();
    await expect.poll(() => clients.filter(({ text }) => text !== '').length).toBe(4);
    const begun = performance.now();
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    expect(performance.now() - begun).toBeLessThan(GRACE_MS);
    for (const client of clients) client.leave();
  });
});

describe('a gateway that is told to stop while it starts', { timeout: 60_000 }, () => {
  it.each(SIGNALS)('does so: %s', async (signal) => {
    // A warning is the first thing it says, before it connects to anything.
    gateway = new GatewayProcess(sandbox, { METRICS_PORT: '9090', GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' });
    await expect.poll(() => gateway.lines.length, { timeout: 30_000 }).toBeGreaterThan(0);
    gateway.child.kill(signal);
    expect(await gateway.exited).toBe(0);
    expect(count('stop_requested')).toBe(1);
  });
});

describe('a gateway whose log nobody reads', { timeout: 60_000 }, () => {
  it('answers, ends, and counts the lines that are lost', async () => {
    await start();
    gateway.child.stdout?.pause();
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 20 }, () => fetch(`${gateway.url}/nope`).then((answer) => answer.text())));
    }
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    const line = JSON.parse(gateway.stderr.trim().split('\n').at(-1) ?? '') as { msg: string; lines: number };
    expect(line.msg).toBe('log_lines_lost');
    expect(line.lines).toBeGreaterThan(100);
  });

  it('goes on when its reader is gone, and ends', async () => {
    await start();
    gateway.child.stdout?.destroy();
    for (let n = 0; n < 20; n++) expect((await fetch(`${gateway.url}/nope`)).status).toBe(404);
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    expect(gateway.stderr).toContain('log_lines_lost');
  });
});
