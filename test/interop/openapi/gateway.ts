import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { startSandbox } from '../../../sandbox/environment.js';
import { REGISTER } from '../../support/typescript.js';

const START_MS = 60_000;

/** A gateway in a process of its own, with the sandbox's backends and single sign-on. */
export interface Subject {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

export async function startSubject(): Promise<Subject> {
  const sandbox = await startSandbox({ faultServer: false });
  const env = {
    ...sandbox.gatewayEnv('http://localhost:8080'),
    PATH: process.env['PATH'] ?? '',
    API_GATEWAY_PORT: '0',
    GATEWAY_ADMIN_ADDR: '',
    GATEWAY_DOCS_CONTACT: 'api@example.com',
    GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
    RATE_LIMIT_RPS: '100000',
    RATE_LIMIT_BURST: '100000',
  };
  const child = spawn(process.execPath, ['--import', REGISTER, 'src/main.ts'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error('the gateway does not start')), START_MS);
  createInterface(child.stdout).on('line', (text) => {
    const { msg, url = '' } = JSON.parse(text) as Record<string, string>;
    if (msg === 'listening') resolve(url);
  });
  child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
  const url = await promise.finally(() => clearTimeout(timer));
  const close = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    await sandbox.close();
  };
  return { url: url.replace('0.0.0.0', '127.0.0.1'), token: await sandbox.issueToken('root@platform.test'), close };
}
