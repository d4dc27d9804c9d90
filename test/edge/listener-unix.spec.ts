import { existsSync, lstatSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { startTestGateway } from '../support/gateway.js';
import { ListenerFiles } from '../support/listener-files.js';
import { RawClient } from '../support/raw-client.js';

const files = new ListenerFiles();
let sandbox: SandboxEnvironment;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
});
afterAll(async () => {
  await sandbox.close();
  files.remove();
});

const pathOf = (name: string) => join(files.folder, name);
const start = (path: string, env: Readonly<Record<string, string>> = {}) =>
  startTestGateway({ sandbox, env: { OPS_PORT: '0', GATEWAY_LISTEN: `unix:${path}`, ...env } });

async function ask(path: string, headers = ''): Promise<number[]> {
  const client = await RawClient.open(`unix:${path}`);
  client.send(`GET /api/v1/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`);
  await client.ended();
  client.leave();
  return client.statuses;
}

/** Leaves a socket behind as a process does that is killed. */
async function abandon(path: string): Promise<void> {
  const server = createServer().listen(`${path}.moved`);
  await new Promise((resolve) => server.once('listening', resolve));
  renameSync(`${path}.moved`, path);
  await new Promise((resolve) => server.close(resolve));
}

describe('a gateway on a Unix domain socket', () => {
  it('listens there alone, with the permissions that it was told, and leaves nothing behind', async () => {
    const path = pathOf('modes.sock');
    const { gateway } = await start(path, { GATEWAY_LISTEN_MODE: '0600' });
    expect(gateway.url).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await ask(path)).toEqual([401]);
    await gateway.drain();
    expect(existsSync(path)).toBe(false);
  });

  it('takes the place of a socket that nobody listens on', async () => {
    const path = pathOf('stale.sock');
    await abandon(path);
    expect(lstatSync(path).isSocket()).toBe(true);
    const { gateway } = await start(path);
    expect(await ask(path)).toEqual([401]);
    await gateway.drain();
  });

  const occupied: [string, (path: string) => Promise<unknown> | void, RegExp][] = [
    ['another gateway listens', (path) => start(path), /another process listens/],
    ['there is a file', (path) => writeFileSync(path, ''), /something else than a socket/],
    ['there is a folder', (path) => mkdirSync(path), /something else than a socket/],
  ];
  it.each(occupied)('does not start where %s, and says why', async (what, occupy, reason) => {
    const path = pathOf(`${what.replaceAll(' ', '-')}.sock`);
    const other = await occupy(path);
    await expect(start(path)).rejects.toThrow(reason);
    expect(existsSync(path)).toBe(true);
    if (other !== undefined) await (other as Awaited<ReturnType<typeof start>>).gateway.drain();
  });

  it('does not start in a folder that is not there', async () => {
    await expect(start(pathOf('nowhere/api.sock'))).rejects.toThrow(/ENOENT|EACCES/);
  });

  it.each([
    ['believes it', { GATEWAY_TRUSTED_PROXIES: 'unix:' }, '203.0.113.7'],
    ['does not believe it', { GATEWAY_TRUSTED_PROXIES: '10.0.0.0/8' }, 'unix:'],
    ['does not believe it', {}, 'unix:'],
  ])('where a proxy names the client, %s: %j', async (_what, env, address) => {
    const path = pathOf('proxy.sock');
    const { gateway, lines } = await start(path, env);
    await ask(path, 'X-Forwarded-For: 203.0.113.7\r\n');
    await gateway.drain();
    expect(lines.find(({ status }) => status === 401)?.remote_addr).toBe(address);
  });
});
