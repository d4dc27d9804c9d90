import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { compileProto } from '../test/support/compile-proto.js';
import { PORT_VARIABLES } from './settings.js';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const ANY_PORTS = Object.fromEntries(PORT_VARIABLES.map((name) => [name, '0']));

/** Stands in for a gateway: ready immediately, reports its settings, and exits or fails on request. */
const STAND_IN = `
  import { createServer } from 'node:http';
  const server = createServer((request, response) => {
    if (request.url === '/die') process.exit(3);
    response.end(JSON.stringify(process.env));
  });
  server.listen(Number(process.env.API_GATEWAY_PORT), () => console.log('stand-in is up'));
  process.on('SIGTERM', () => process.env.STUBBORN || process.exit(0));
`;

let folder: string;
let running: ChildProcessByStdio<null, Readable, Readable> | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  await writeFile(join(folder, 'gateway.mjs'), STAND_IN);
  await writeFile(join(folder, 'broken.mjs'), 'process.exit(78);');
});
afterEach(() => void running?.kill('SIGTERM'));
afterAll(() => rm(folder, { recursive: true }));

function run(env: Record<string, string> = {}, gateway = 'gateway.mjs', args: readonly string[] = []) {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('@oxc-node/core/register'), MAIN, ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      API_GATEWAY_PORT: '0',
      ...ANY_PORTS,
      SANDBOX_GATEWAY_ENTRY: join(folder, gateway),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  let output = '';
  const grown = (chunk: Buffer) => (output += chunk.toString());
  child.stdout.on('data', grown);
  child.stderr.on('data', grown);
  const exit = once(child, 'close').then(([code]) => ({ code: code as number, output }));
  const up = async (): Promise<string> => {
    while (!output.includes('Ctrl-C')) {
      await Promise.race([once(child.stdout, 'data'), exit.then(() => Promise.reject(new Error(output)))]);
    }
    return output;
  };
  return { child, exit, up };
}

const urlIn = (output: string, label: string) => new RegExp(`${label} +(http://[^\\s]+)`).exec(output)?.[1] ?? '';
const isClosed = (url: string) =>
  fetch(url).then(
    () => false,
    () => true,
  );

describe('npm run sandbox', { timeout: 60_000 }, () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('shows what to try, and stops everything on %s', async (signal) => {
    const { child, exit, up } = run({ RATE_LIMIT_RPS: '20' });
    const output = await up();
    for (const part of ['stand-in is up', 'alice@acme.test', '/faults/user', '/api/v1/auth/login']) {
      expect(output).toContain(part);
    }
    const [gateway, faults] = [urlIn(output, 'Gateway'), urlIn(output, 'Faults')];
    expect(await (await fetch(gateway)).json()).toMatchObject({
      RATE_LIMIT_RPS: '20',
      GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
      JWT_JWKS_URL: expect.stringContaining('/jwks.json') as string,
      GATEWAY_ADMIN_ADDR: new URL(urlIn(output, 'Admin')).host,
    });
    expect((await fetch(faults)).status).toBe(200);
    child.kill(signal);
    expect((await exit).code).toBe(0);
    expect([await isClosed(gateway), await isClosed(faults)]).toEqual([true, true]);
  });

  it('shows lines that work', async () => {
    const { child, exit, up } = run({ SANDBOX_GATEWAY_ENTRY: '' });
    const [, lines = ''] = /Try:\n(.*?)\n\n/s.exec(await up()) ?? [];
    const { stdout } = await promisify(execFile)('bash', ['-c', lines]);
    child.kill('SIGTERM');
    expect((await exit).code).toBe(0);
    expect(stdout).toContain('"email":"ada.adler@acme.test"');
    expect(stdout).toContain('this is the whole answer.');
  });

  it('ends a gateway that does not want to', async () => {
    const { child, exit, up } = run({ STUBBORN: 'yes' });
    const gateway = urlIn(await up(), 'Gateway');
    child.kill('SIGTERM');
    expect((await exit).code).toBe(0);
    expect(await isClosed(gateway)).toBe(true);
  });

  it('ends with the code of a gateway that dies', async () => {
    const { exit, up } = run();
    const output = await up();
    await fetch(`${urlIn(output, 'Gateway')}/die`).catch(() => undefined);
    expect((await exit).code).toBe(3);
  });

  it('ends with the code of a gateway that does not start', async () => {
    const { code, output } = await run({}, 'broken.mjs').exit;
    expect(code).toBe(78);
    expect(output).toContain('the gateway exited with code 78');
  });

  it('refuses settings that it does not understand', async () => {
    const { code, output } = await run({ SANDBOX_AUTH_PORT: 'x' }).exit;
    expect(code).toBe(78);
    expect(output).toContain('SANDBOX_AUTH_PORT=x is no port');
  });

  it('refuses settings that the gateway would refuse, before anything is started', async () => {
    const { code, output } = await run({ GATEWAY_REQUEST_TIMEOUT: '5', GATEWAY_NOPE: '1' }).exit;
    expect(code).toBe(78);
    expect(output).toContain('GATEWAY_REQUEST_TIMEOUT: ');
    expect(output).toContain('GATEWAY_NOPE: ');
    expect(output).not.toContain('stand-in is up');
  });

  it.each([
    ['SANDBOX_USER_PORT', (port: string) => ({ SANDBOX_USER_PORT: port })],
    ['SANDBOX_JWKS_PORT', (port: string) => ({ SANDBOX_JWKS_PORT: port })],
    ['SANDBOX_FAULTS_PORT', (port: string) => ({ SANDBOX_FAULTS_PORT: port })],
    ['SANDBOX_ADMIN_PORT', (port: string) => ({ SANDBOX_ADMIN_PORT: port })],
    ['GATEWAY_ADMIN_ADDR', (port: string) => ({ GATEWAY_ADMIN_ADDR: `127.0.0.1:${port}` })],
    ['API_GATEWAY_PORT', (port: string) => ({ API_GATEWAY_PORT: port })],
  ])('says that the port of %s is in use, and how to move it', async (variable, settings) => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const { code, output } = await run(settings(String(port))).exit;
    holder.close();
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`EADDRINUSE.*127.0.0.1:${port}.*${variable}=(127.0.0.1:)?0 takes any free port`));
  });

  it('mocks the services of a descriptor set, by its path from where the command was typed', async () => {
    const proto = compileProto(`service Orders {
      rpc Get(google.protobuf.Empty) returns (google.protobuf.Empty) {
        option (gateway.v1.policy) = {access: ACCESS_CONTROLLED permissions: "orders.read"};
      }
    }`);
    onTestFinished(() => proto.remove());
    const { child, exit, up } = run({ INIT_CWD: dirname(proto.path) }, 'gateway.mjs', ['--mock', basename(proto.path)]);
    const output = await up();
    expect(output).toMatch(/^ {2}Mocked {5}extra 127\.0\.0\.1:\d+ {3}\(admins hold orders\.read\)$/m);
    const [, address] = /extra (\S+)/.exec(output) ?? [];
    const settings = await (await fetch(urlIn(output, 'Gateway'))).json();
    expect(settings).toMatchObject({ GATEWAY_DESCRIPTORS: proto.path, EXTRA_SERVICE_URL: address });
    child.kill('SIGTERM');
    expect(await exit).toMatchObject({ code: 0 });
  });

  it.each([
    [['--mock', 'nowhere.binpb'], /nowhere\.binpb: cannot be read/],
    [['--mocks', 'x'], /--mocks/],
  ])('does not start with %j', async (args, message) => {
    const { code, output } = await run({}, 'gateway.mjs', args).exit;
    expect([code, output]).toEqual([78, expect.stringMatching(message)]);
  });
});
