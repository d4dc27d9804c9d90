import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.js';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayProcess } from '../support/gateway-process.js';

let sandbox: SandboxEnvironment;
let gateway: GatewayProcess;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sighup-'));
  file = join(folder, 'gateway.env');
  writeFileSync(file, 'GATEWAY_CORS_ORIGINS=https://one.example.com\n');
  sandbox = await startSandbox({ faultServer: false, idp: false });
  const env = { GATEWAY_ENV_FILE: file, GATEWAY_ADMIN_ADDR: '127.0.0.1:0', GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' };
  gateway = await GatewayProcess.start(sandbox, env);
});
afterAll(async () => {
  await gateway.kill();
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

const lines = (msg: string) => gateway.lines.filter((line) => String(line.msg).startsWith(msg));

async function isAllowed(origin: string): Promise<boolean> {
  return (await fetch(`${gateway.url}/livez`, { headers: { origin } })).headers.has('access-control-allow-origin');
}

async function reload(): Promise<{ code: number; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const code = await run(['reload', '--url', gateway.adminUrl], terminal, {});
  return { code, out, err };
}

describe('SIGHUP', { timeout: 120_000 }, () => {
  it('has a gateway read the files of its settings anew', async () => {
    expect(await isAllowed('https://one.example.com')).toBe(true);
    writeFileSync(file, 'GATEWAY_CORS_ORIGINS=https://two.example.com\nOPS_PORT=9999\n');
    gateway.child.kill('SIGHUP');
    await expect.poll(() => lines('policy_reloaded').length, { timeout: 30_000 }).toBe(1);
    expect([await isAllowed('https://one.example.com'), await isAllowed('https://two.example.com')]).toEqual([
      false,
      true,
    ]);
    expect(lines('reload_needs_restart')).toMatchObject([{ setting: 'OPS_PORT' }]);
    expect(lines('stop_requested')).toEqual([]);
  });

  it('is what `gateway reload` asks for as well, and tells of', async () => {
    writeFileSync(file, 'GATEWAY_CORS_ORIGINS=https://three.example.com\n');
    const { code, out, err } = await reload();
    expect([code, out.slice(1), err]).toEqual([0, ['changed: GATEWAY_CORS_ORIGINS'], []]);
    writeFileSync(file, 'RATE_LIMIT_RPS=many\n');
    const refused = await reload();
    expect(refused.code).toBe(78);
    expect(refused.err.join('\n')).toContain('RATE_LIMIT_RPS: ');
    expect(await isAllowed('https://three.example.com')).toBe(true);
    // The answer comes before its line.
    await expect.poll(() => lines('policy_reload_failed').length).toBe(1);
  });

  it('begins nothing while the gateway drains, and ends nothing', async () => {
    const token = await sandbox.issueToken('alice@acme.test');
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    sandbox.calls.clear();
    const slow = fetch(`${gateway.url}/api/v1/ai`, { method: 'POST', headers, body: '{"query":"slow 2000ms"}' });
    await sandbox.calls.waitFor(({ method }) => method === '/ai.v1.AIService/ProcessQuery');
    const reloads = lines('policy_reload').length;
    gateway.child.kill('SIGTERM');
    await expect.poll(() => lines('drain_started').length, { timeout: 30_000 }).toBe(1);
    gateway.child.kill('SIGHUP');
    expect((await slow).status).toBe(200);
    expect(await gateway.exited).toBe(0);
    expect(lines('policy_reload')).toHaveLength(reloads);
  });
});
