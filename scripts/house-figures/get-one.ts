import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Coverage, type ExecutedFunction } from './coverage.js';
import type { Figure } from './sources.js';

const WARM_UP_REQUESTS = 20;
const USERS = '/api/v1/users';

interface Sandbox {
  readonly env: Readonly<Record<string, string>>;
  readonly token: string;
}

/** Returns how many files and functions of `src/` one warm GET of a user executes, in the checkout at `root`. */
export async function getOneFigures(root: string): Promise<Figure[]> {
  const executed = await executedByGetOne(root);
  return [
    ['files on a warm GET of one user', String(new Set(executed.map(({ file }) => file)).size)],
    ['functions on a warm GET of one user', String(executed.length)],
  ];
}

/** Starts the sandbox and the gateway of the checkout at `root`, from its sources, and stops them. */
export async function executedByGetOne(root: string): Promise<ExecutedFunction[]> {
  const sandbox = run(root, [join(import.meta.dirname, 'sandbox.mjs')], {});
  const { env, token } = JSON.parse(await firstLine(sandbox, () => true)) as Sandbox;
  const settings = { API_GATEWAY_PORT: '0', GATEWAY_ADMIN_ADDR: '', GATEWAY_CONTRACT_DRIFT_INTERVAL: '0s' };
  const gateway = run(root, ['--inspect=127.0.0.1:0', 'src/main.ts'], { ...env, ...settings });
  let stderr = '';
  gateway.stderr?.on('data', (chunk: Buffer) => void (stderr += chunk.toString()));
  try {
    const { url } = JSON.parse(await firstLine(gateway, (line) => line.includes('"listening"'))) as { url: string };
    const get = (path: string) => getJson(url + path, token);
    const { users } = (await get(`${USERS}?page_size=1`)) as { users: readonly { id: string }[] };
    const request = () => get(`${USERS}/${users[0]?.id}`);
    for (let i = 0; i < WARM_UP_REQUESTS; i++) await request();
    const coverage = await Coverage.start(stderr);
    const executed = await coverage.of(request);
    coverage.close();
    return executed;
  } finally {
    gateway.kill('SIGKILL');
    sandbox.stdin?.end();
    await Promise.all([gateway, sandbox].map(exited));
  }
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Starts Node in the checkout, with its own reader of TypeScript. */
function run(root: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, ['--import', '@oxc-node/core/register', ...args], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Resolves to the first line of its output that fits. Rejects when it exits before. */
async function firstLine(child: ChildProcess, fits: (line: string) => boolean): Promise<string> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => void (stderr += chunk.toString()));
  const lines = createInterface(child.stdout!);
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => void (fits(line) && resolve(line)));
    child.once('exit', (code) => reject(new Error(`exited with code ${code}: ${stderr}`)));
  });
}

async function getJson(url: string, token: string): Promise<unknown> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}
