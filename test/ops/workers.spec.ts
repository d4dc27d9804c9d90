import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { Scrape } from '../support/metrics.js';
import { SteadyClients } from '../support/steady-clients.js';
import { until } from '../support/until.js';

const WORKERS = 2;
const USERS = '/api/v1/users?page_size=1';

let sandbox: SandboxEnvironment;
let gateway: GatewayProcess;
let folder: string;
let settings: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'workers-'));
  settings = join(folder, 'gateway.env');
  writeFileSync(settings, 'GATEWAY_CORS_ORIGINS=https://one.example.com\n');
  sandbox = await startSandbox({ faultServer: false, idp: false });
  gateway = await GatewayProcess.start(sandbox, {
    GATEWAY_WORKERS: String(WORKERS),
    GATEWAY_ENV_FILE: settings,
    GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
    GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
    GATEWAY_SHED_DELAY: '0s',
    RATE_LIMIT_RPS: '100000',
    RATE_LIMIT_BURST: '100000',
  });
  await until(() => started().length === WORKERS);
});
afterAll(async () => {
  await gateway.kill();
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

const lines = (msg: string) => gateway.lines.filter((line) => String(line.msg).startsWith(msg));
const started = () => lines('worker_started');
/** The process ids of the workers that serve, the latest of each number. */
const pids = () => new Map(started().map(({ worker, pid }) => [Number(worker), Number(pid)]));

/** Sends requests on as many connections, which the workers take in turn. */
async function each(path: string, headers: Record<string, string> = {}, times = WORKERS * 2) {
  const responses: { status: number; headers: Record<string, unknown> }[] = [];
  for (let n = 0; n < times; n++) {
    const agent = new Agent({ keepAlive: false });
    const response = await new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
      get(`${gateway.url}${path}`, { agent, headers }, (answer) => {
        answer.resume().once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
      }).once('error', reject);
    });
    responses.push(response);
  }
  return responses;
}

async function admin<T>(path: string, method = 'GET', body?: object): Promise<T> {
  const init = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${gateway.adminUrl}${path}`, { method, ...init });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

const bearer = async () => ({ authorization: `Bearer ${await sandbox.issueToken('alice@acme.test')}` });
const usersServed = async () =>
  (await Scrape.of(gateway.url)).sum('http_requests_total{path="/api/v1/users",status="200"}');

describe('a gateway of two workers', { timeout: 120_000 }, () => {
  it('serves one port with both, and each line says which of them wrote it', async () => {
    const headers = await bearer();
    const before = gateway.lines.length;
    expect((await each(USERS, headers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const written = () => gateway.lines.slice(before).filter(({ logger }) => logger === 'AUTH_DECISION');
    await expect.poll(() => written().length).toBe(4);
    expect(new Set(written().map(({ worker }) => worker))).toEqual(new Set([1, 2]));
  });

  it('shows the metrics of both as those of one', async () => {
    const headers = await bearer();
    const before = await usersServed();
    await each(USERS, headers, 10);
    expect(await usersServed()).toBe(before + 10);
    const scrape = await Scrape.of(gateway.url);
    expect(scrape.values('gateway_workers')).toEqual([WORKERS]);
    expect(scrape.values('gateway_build_info')).toEqual([1]);
    expect(scrape.values('gateway_state{state="ready"}')).toEqual([1]);
  });

  it('shows and changes both at its admin listener', async () => {
    const headers = await bearer();
    await admin('/admin/circuits/user/open', 'POST');
    expect((await each(USERS, headers)).map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    type Circuits = { circuits: { upstream: string; read: { state: string } }[]; workers: { worker: number }[] };
    const { circuits, workers } = await admin<Circuits>('/admin/circuits');
    expect(circuits.find(({ upstream }) => upstream === 'user')?.read.state).toBe('open');
    expect(workers.map(({ worker }) => worker)).toEqual([1, 2]);
    await admin('/admin/circuits/user/close', 'POST');
    expect((await each(USERS, headers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const { requests } = await admin<{ requests: { id: string; worker: number }[] }>('/admin/requests?limit=8');
    expect(new Set(requests.map(({ worker }) => worker))).toEqual(new Set([1, 2]));
    expect(await admin(`/admin/requests/${requests[0]?.id}`)).toMatchObject({ worker: requests[0]?.worker });
  });

  it('has an admin listener of each worker, with its profiles', async () => {
    const listening = lines('admin_listening').filter(({ worker }) => worker !== undefined);
    expect(new Set(listening.map(({ worker }) => worker))).toEqual(new Set([1, 2]));
    const profile = await fetch(`http://${String(listening[0]?.addr)}/debug/pprof/profile?seconds=1`);
    expect(profile.status).toBe(200);
  });

  it('reloads both or neither, without losing a request', async () => {
    const load = { url: `${gateway.url}${USERS}`, token: await sandbox.issueToken('alice@acme.test') };
    const clients = new SteadyClients({ ...load, clients: 8, requestsPerSecond: 100 });
    const allowed = async (origin: string) =>
      (await each('/livez', { origin })).map(({ headers }) => headers['access-control-allow-origin'] === origin);
    writeFileSync(settings, 'GATEWAY_CORS_ORIGINS=https://two.example.com\n');
    gateway.child.kill('SIGHUP');
    await expect.poll(() => lines('policy_reloaded').length).toBe(WORKERS);
    expect(await allowed('https://two.example.com')).toEqual([true, true, true, true]);
    writeFileSync(settings, 'GATEWAY_MAX_BODY_BYTES=many\n');
    const refused = await fetch(`${gateway.adminUrl}/admin/reload`, { method: 'POST' });
    expect(await refused.text()).toContain('GATEWAY_MAX_BODY_BYTES');
    expect(await allowed('https://two.example.com')).toEqual([true, true, true, true]);
    writeFileSync(settings, 'GATEWAY_CORS_ORIGINS=https://two.example.com\n');
    await clients.stop();
    expect([...clients.outcomes.keys()]).toEqual([200]);
  });

  it('replaces a worker that is killed under load: others are served, and no counter falls', async () => {
    const load = { url: `${gateway.url}${USERS}`, token: await sandbox.issueToken('alice@acme.test') };
    const clients = new SteadyClients({ ...load, clients: 8, requestsPerSecond: 100 });
    await expect.poll(() => clients.count(200)).toBeGreaterThan(50);
    const before = await usersServed();
    process.kill(pids().get(2) ?? 0, 'SIGKILL');
    await expect.poll(() => started().length).toBe(WORKERS + 1);
    const after = clients.count(200);
    await expect.poll(() => clients.count(200)).toBeGreaterThan(after + 50);
    await clients.stop();
    const { outcomes } = clients;
    outcomes.delete(200);
    // What was under way in the worker, on at most its connections.
    expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(8);
    expect(await usersServed()).toBeGreaterThan(before);
    expect((await Scrape.of(gateway.url)).values('gateway_worker_ends_total')).toEqual([1]);
    expect(lines('worker_ended')).toMatchObject([{ worker: 2, signal: 'SIGKILL' }]);
  });

  it('replaces a worker that is told to stop, without losing a request', async () => {
    const load = { url: `${gateway.url}${USERS}`, token: await sandbox.issueToken('alice@acme.test') };
    const clients = new SteadyClients({ ...load, clients: 8, requestsPerSecond: 100 });
    await expect.poll(() => clients.count(200)).toBeGreaterThan(20);
    const before = started().length;
    process.kill(pids().get(1) ?? 0, 'SIGTERM');
    await expect.poll(() => started().length).toBe(before + 1);
    await clients.stop();
    expect([...clients.outcomes.keys()]).toEqual([200]);
  });

  it('drains all workers on SIGTERM and ends with 0, whatever is under way', async () => {
    const headers = { ...(await bearer()), 'content-type': 'application/json' };
    sandbox.calls.clear();
    const before = lines('drain_finished').length;
    const slow = [1, 2, 3].map(() =>
      fetch(`${gateway.url}/api/v1/ai`, { method: 'POST', headers, body: '{"query":"slow 2000ms"}' }),
    );
    const asked = () => sandbox.calls.list().filter(({ method }) => method === '/ai.v1.AIService/ProcessQuery');
    await expect.poll(() => asked().length).toBe(3);
    gateway.child.kill('SIGTERM');
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await gateway.exited).toBe(0);
    const drained = lines('drain_finished').slice(before);
    expect(new Set(drained.map(({ worker }) => worker))).toEqual(new Set([1, 2]));
    expect(gateway.stderr).toBe('');
  });
});
