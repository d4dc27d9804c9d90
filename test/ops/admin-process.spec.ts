import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { builtFile, GatewayProcess } from '../support/gateway-process.js';
import { DecodedProfile } from '../support/pprof.js';

let sandbox: SandboxEnvironment;
const running: GatewayProcess[] = [];
beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.kill();
});
afterAll(() => sandbox.close());

function start(env: Readonly<Record<string, string>>): GatewayProcess {
  const gateway = new GatewayProcess(sandbox, env);
  running.push(gateway);
  return gateway;
}

async function startReady(env: Readonly<Record<string, string>>, program?: string[]): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(sandbox, { GATEWAY_ADMIN_ADDR: '127.0.0.1:0', ...env }, program);
  running.push(gateway);
  return gateway;
}

const fatal = ({ lines }: GatewayProcess) => lines.filter(({ level }) => level === 'fatal');

describe('a gateway whose admin listener cannot be', { timeout: 60_000 }, () => {
  it.each([
    ['0.0.0.0:0', '', 'GATEWAY_ADMIN_AUTH_TOKEN is not set'],
    ['127.0.0.1:0', 'x', 'GATEWAY_ADMIN_AUTH_TOKEN: has 1 characters'],
  ])('is refused with exit code 78: on %s with the token %j', async (address, token, reason) => {
    const gateway = start({ GATEWAY_ADMIN_ADDR: address, GATEWAY_ADMIN_AUTH_TOKEN: token });
    expect(await gateway.exited).toBe(78);
    const [line, ...others] = fatal(gateway);
    expect(line?.msg).toMatch(/^config_invalid GATEWAY_ADMIN_/);
    expect(line?.msg).toContain(reason);
    expect(others).toEqual([]);
  });

  it('says that the port is taken, and by which setting it moves', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const gateway = start({ GATEWAY_ADMIN_ADDR: `127.0.0.1:${port}` });
    expect(await gateway.exited).toBe(1);
    expect(fatal(gateway)).toMatchObject([{ msg: 'port_in_use', setting: 'GATEWAY_ADMIN_ADDR', port }]);
    other.close();
  });

  it('says that the address is of another machine', async () => {
    // TEST-NET-1 of RFC 5737: nobody has it.
    const token = 'a-token-of-operators-0123456789abcdef';
    const gateway = start({ GATEWAY_ADMIN_ADDR: '192.0.2.1:0', GATEWAY_ADMIN_AUTH_TOKEN: token });
    expect(await gateway.exited).toBe(1);
    expect(fatal(gateway)).toMatchObject([
      { msg: expect.stringMatching(/^admin_listener_refused .*EADDRNOTAVAIL/) as string },
    ]);
  });
});

describe('on SIGTERM the admin listener', { timeout: 60_000 }, () => {
  it('answers until the last request is done, and is gone with the process', async () => {
    const gateway = await startReady({ GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' });
    const authorization = `Bearer ${await sandbox.issueToken('alice@acme.test')}`;
    const slow = fetch(`${gateway.url}/api/v1/ai`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'slow 3000ms' }),
    });
    await sandbox.calls.waitFor((call) => call.method === '/ai.v1.AIService/ProcessQuery');
    gateway.child.kill('SIGTERM');
    const isClosed = () =>
      fetch(`${gateway.url}/livez`).then(
        () => false,
        () => true,
      );
    await expect.poll(isClosed).toBe(true);
    expect((await fetch(`${gateway.adminUrl}/admin/ping`)).status).toBe(200);
    expect((await fetch(`${gateway.adminUrl}/admin/circuits/user/open`, { method: 'POST' })).status).toBe(200);
    expect((await slow).status).toBe(200);
    expect(await gateway.exited).toBe(0);
    await expect(fetch(`${gateway.adminUrl}/admin/ping`)).rejects.toThrow('fetch failed');
  });
});

/** The sources that a CPU profile names while requests come. */
async function profiledFiles(gateway: GatewayProcess): Promise<string[]> {
  const profile = fetch(`${gateway.adminUrl}/debug/pprof/profile?seconds=2`);
  let isOver = false;
  const ended = profile.finally(() => (isOver = true));
  while (!isOver) await Promise.all(Array.from({ length: 20 }, () => fetch(`${gateway.url}/api/v1/unknown`)));
  const { samples } = new DecodedProfile(await (await ended).bytes());
  return [...new Set(samples.flatMap(({ frames }) => frames.map(({ file }) => file)))];
}

it('the build has the admin listener too, whatever flags Node is given', { timeout: 120_000 }, async () => {
  const flags = ['--enable-source-maps', '--max-old-space-size-percentage=65'];
  const gateway = await startReady({ GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' }, [...flags, builtFile('dist/main.js')]);
  const circuits = await fetch(`${gateway.adminUrl}/admin/circuits`);
  expect([circuits.status, (await fetch(`${gateway.adminUrl}/admin/ping`)).status]).toEqual([200, 200]);
  expect(await (await fetch(`${gateway.adminUrl}/admin/`)).text()).toContain('EventSource');
  const files = await profiledFiles(gateway);
  expect(files.filter((file) => file.startsWith('src/edge/') && file.endsWith('.ts')).length).toBeGreaterThan(0);
  expect(files.filter((file) => file.includes('dist/') && !file.includes('node_modules/'))).toEqual([]);
  // Node would open the port of its debugger, to whoever is on this machine.
  gateway.child.kill('SIGUSR1');
  expect((await fetch(`${gateway.adminUrl}/admin/ping`)).status).toBe(200);
  expect(gateway.stderr).not.toContain('Debugger listening');
  gateway.child.kill('SIGTERM');
  expect(await gateway.exited).toBe(0);
});
