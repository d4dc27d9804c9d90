import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { until } from '../support/until.js';

const QUERY = '/ai.v1.AIService/ProcessQuery';
const REPORT = '/tenant.v1.TenantService/ReportUsage';

/** Processes take their time to start on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

let sandbox: SandboxEnvironment;
let directory: string;
const running: GatewayProcess[] = [];

beforeEach(async () => {
  sandbox = await startSandbox({ faultServer: false });
  directory = mkdtempSync(join(tmpdir(), 'usage-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.kill()));
  await sandbox.close();
  rmSync(directory, { recursive: true });
});

const settings = (shelf: string) => ({
  GATEWAY_BUDGET_DEBIT_SHELF_DIR: shelf,
  GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL: '20ms',
  GATEWAY_BUDGET_DEBIT_MAX_BACKOFF: '100ms',
  GATEWAY_BUDGET_DEBIT_RETRY_MAX: '2',
  GATEWAY_HEALTH_INTERVAL: '100ms',
  GATEWAY_RECOVERY_HOLD: '0s',
  GATEWAY_CIRCUIT_OPEN: '100ms',
  GATEWAY_CIRCUIT_MAX_OPEN: '100ms',
  GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
  RATE_LIMIT_RPS: '100000',
  RATE_LIMIT_BURST: '100000',
});

async function start(shelf = directory): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(sandbox, settings(shelf));
  running.push(gateway);
  return gateway;
}

/** Resolves to true when the client has been given its answer. */
async function ask(url: string, subject: string): Promise<boolean> {
  const token = await sandbox.issueToken('alice@acme.test', { sub: subject });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ query: 'hello' });
  const answer = await fetch(`${url}/api/v1/ai`, { method: 'POST', headers, body }).catch(() => undefined);
  return answer?.status === 200;
}

/** Callers who ask one after the other, each call in a name of its own, until they are told to stop. */
class Load {
  readonly answered: string[] = [];
  private isOver = false;
  private readonly workers: Promise<void>[];

  constructor(
    private readonly name: string,
    url: () => string,
  ) {
    this.workers = Array.from({ length: 4 }, (_, worker) => this.work(worker, url));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.workers);
  }

  private async work(worker: number, url: () => string): Promise<void> {
    for (let call = 0; !this.isOver; call++) {
      const subject = `${this.name}-${worker}-${call}`;
      if (await ask(url(), subject)) this.answered.push(subject);
    }
  }
}

const ledger = () => [...sandbox.directory.usage.values()];
const reported = () => new Set(ledger().map(({ subject }) => subject));
const queries = () => sandbox.calls.list().filter(({ method }) => method === QUERY).length;
const reports = () => sandbox.calls.list().filter(({ method }) => method === REPORT).length;

async function metric(gateway: GatewayProcess, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`gateway_budget_debit_outbox_${name} `));
  return Number(line?.split(' ')[1]);
}

describe('SIGKILL under load, while TenantService is down', () => {
  it('loses no event of an answered call, and makes none of one into two', async () => {
    const first = await start();
    const load = new Load('first', () => first.url);
    await until(() => reported().size >= 20);
    await sandbox.setFault('tenant', { mode: 'down' });
    const before = load.answered.length;
    await until(() => load.answered.length >= before + 200);
    await first.kill();
    await load.stop();

    const second = await start();
    const more = new Load('second', () => second.url);
    await until(() => more.answered.length >= 100);
    await sandbox.setFault('tenant', { mode: 'none' });
    await until(() => more.answered.length >= 200);
    await more.stop();

    const answered = [...load.answered, ...more.answered];
    await expect.poll(() => answered.filter((subject) => !reported().has(subject))).toEqual([]);
    await expect.poll(() => metric(second, 'shelf_bytes')).toBe(0);
    expect(ledger()).toHaveLength(reported().size);
    expect(ledger().length).toBeLessThanOrEqual(queries());
    expect([await metric(second, 'dropped_total'), await metric(second, '4xx_drops_total')]).toEqual([0, 0]);
  });
});

describe('SIGKILL after the journal was taken away, while TenantService is down', () => {
  it('loses no event: the directory and what was in it are there again', async () => {
    await sandbox.setFault('tenant', { mode: 'down' });
    const first = await start();
    const load = new Load('gone', () => first.url);
    await until(() => load.answered.length >= 100);
    rmSync(directory, { recursive: true });
    const before = load.answered.length;
    await until(() => load.answered.length >= before + 100);
    await first.kill();
    await load.stop();
    await sandbox.setFault('tenant', { mode: 'none' });
    await start();
    await expect.poll(() => load.answered.filter((subject) => !reported().has(subject))).toEqual([]);
  });

  it('loses no event that was answered while it could not be written: it says so, and writing resumes', async () => {
    await sandbox.setFault('tenant', { mode: 'down' });
    const first = await start();
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'in the way');
    for (const subject of ['a', 'b', 'c']) expect(await ask(first.url, subject)).toBe(true);
    await expect.poll(() => journalOf(first)).toMatchObject({ degraded: 1, check: expect.stringMatching(/^E/) });
    expect(await metric(first, 'unsaved')).toBe(3);
    rmSync(directory);
    await expect.poll(() => journalOf(first)).toEqual({ degraded: 0, check: 'healthy' });
    expect(await metric(first, 'unsaved')).toBe(0);
    await first.kill();
    await sandbox.setFault('tenant', { mode: 'none' });
    await start();
    await expect.poll(() => [...reported()].toSorted((a, b) => a.localeCompare(b))).toEqual(['a', 'b', 'c']);
  });

  /** Returns the state of the journal: the gauge, and the status on `/healthz`. */
  async function journalOf(gateway: GatewayProcess): Promise<{ degraded: number; check: string | undefined }> {
    const health = (await (await fetch(`${gateway.url}/healthz`)).json()) as { checks: Record<string, string> };
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const degraded = /^gateway_degraded\{component="usage_journal"\} (\d)/m.exec(text)?.[1];
    return { degraded: Number(degraded), check: health.checks['usage-journal'] };
  }
});

describe('a crash between delivery and its note', () => {
  it('delivers again, under the same ids', async () => {
    await sandbox.setFault('tenant', { mode: 'down' });
    const first = await start();
    for (const subject of ['a', 'b', 'c']) expect(await ask(first.url, subject)).toBe(true);
    await first.kill();
    const copy = mkdtempSync(join(tmpdir(), 'usage-copy-'));
    onTestFinished(() => rmSync(copy, { recursive: true }));
    cpSync(directory, copy, { recursive: true });
    await sandbox.setFault('tenant', { mode: 'none' });
    await start();
    await expect.poll(() => ledger().length).toBe(3);
    const ids = [...sandbox.directory.usage.keys()];
    const delivered = reports();
    const again = await start(copy);
    await expect.poll(() => metric(again, 'shelf_bytes')).toBe(0);
    expect(reports()).toBeGreaterThan(delivered);
    expect([...sandbox.directory.usage.keys()]).toEqual(ids);
  });
});

describe('SIGTERM while TenantService is down', () => {
  it('leaves events on the shelf, which the next process sends', async () => {
    await sandbox.setFault('tenant', { mode: 'down' });
    const first = await start();
    expect(await ask(first.url, 'late')).toBe(true);
    first.child.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(first.lines).toContainEqual(expect.objectContaining({ msg: 'outbox_left_on_shelf', events: 1 }));
    await sandbox.setFault('tenant', { mode: 'none' });
    await start();
    await expect.poll(() => [...reported()]).toEqual(['late']);
    await expect.poll(() => readdirSync(directory)).toEqual(['lock']);
  });
});

describe('a directory that another gateway uses', () => {
  it('is refused with exit code 78 and the setting to change', async () => {
    await start();
    const second = new GatewayProcess(sandbox, settings(directory));
    running.push(second);
    expect(await second.exited).toBe(78);
    expect(second.lines.at(-1)?.msg).toMatch(/GATEWAY_BUDGET_DEBIT_SHELF_DIR: another gateway uses the directory/);
  });
});
