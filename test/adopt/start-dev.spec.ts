import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseEnv } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../src/config/environment.js';
import { readText } from '../ops/project-files.js';

let npm: ChildProcess | undefined;

afterEach(() => {
  // npm starts a shell, which starts Node, which starts the gateway: they are one process group.
  if (npm?.pid !== undefined && npm.exitCode === null && npm.signalCode === null) process.kill(-npm.pid, 'SIGKILL');
});

/** `npm run start:dev` as a newcomer runs it, with nothing set but what is given. */
function startDev(env: Readonly<Record<string, string>>): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  npm = spawn('npm', ['run', 'start:dev'], {
    env: { PATH, HOME, npm_config_update_notifier: 'false', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  return npm;
}

async function urlOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface(stdout!)) {
    const [, url] = /"url":"([^"]+)","msg":"listening"/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the gateway does not listen');
}

describe('npm run start:dev', () => {
  it('starts without settings, takes those of the environment first, and ends quietly on Ctrl-C', async () => {
    const child = startDev({ API_GATEWAY_PORT: '0', GATEWAY_ADMIN_ADDR: '127.0.0.1:0' });
    let complaints = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    expect((await fetch(`${await urlOf(child)}/livez`)).status).toBe(200);
    // Its output ends a moment before it does.
    const gone = once(child, 'close');
    process.kill(-child.pid!, 'SIGINT');
    await gone;
    expect(complaints).toBe('');
  });

  it('listens on port 3000, beside a sandbox on 8080', () => {
    const [, file = ''] = /"start:dev": "[^"]*--env-file=(\S+)/.exec(readText('package.json')) ?? [];
    expect(parseEnvironment(parseEnv(readText(file))).server.port).toBe(3000);
  });
});
