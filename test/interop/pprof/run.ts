import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { startSandbox } from '../../../sandbox/environment.js';
import { REGISTER } from '../../support/typescript.js';
import { type Recipe, recipes } from './recipes.js';

const PLANTED = './test/support/planted.ts';
const START_MS = 60_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** A gateway with planted faults, in a process of its own. */
interface Subject {
  readonly child: ChildProcess;
  readonly adminUrl: string;
  readonly plantedUrl: string;
}

async function startSubject(gatewayEnv: Readonly<Record<string, string>>): Promise<Subject> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    ...gatewayEnv,
    API_GATEWAY_PORT: '0',
    GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
  };
  const child = spawn(process.execPath, ['--import', REGISTER, '--import', PLANTED, 'src/main.ts'], {
    env: { ...env, GATEWAY_PPROF_BLOCK_RATE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const found = new Map<string, string>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error('the gateway does not start')), START_MS);
  createInterface(child.stdout).on('line', (text) => {
    const { msg, url, addr } = JSON.parse(text) as Record<string, string>;
    if (msg === 'planted') found.set('planted', url ?? '');
    if (msg === 'admin_listening') found.set('admin', `http://${addr}`);
    if (msg === 'listening') resolve();
  });
  child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
  await promise.finally(() => clearTimeout(timer));
  return { child, adminUrl: found.get('admin') ?? '', plantedUrl: found.get('planted') ?? '' };
}

/** Runs one recipe as an operator would type it. @returns what is wrong with its output, or undefined. */
async function run({ fault, command, input, expected }: Recipe, { adminUrl, plantedUrl }: Subject, folder: string) {
  if (fault !== undefined) await fetch(plantedUrl + fault);
  const script = command.replaceAll('http://localhost:6060', adminUrl);
  const env = { ...process.env, PPROF_TMPDIR: folder, OUT: folder };
  const shell = promisify(execFile)('bash', ['-euc', script], { env, maxBuffer: 64 * 1_048_576 });
  shell.child.stdin?.end(input ?? '');
  try {
    const { stdout } = await shell;
    return expected.test(stdout) ? undefined : `does not say ${expected}:\n${stdout.slice(0, 2_000)}`;
  } catch (error) {
    return String(error);
  } finally {
    await fetch(`${plantedUrl}/stop`);
  }
}

function has(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The output of `-proto` is a gzipped profile. */
function checkProto(folder: string): string | undefined {
  const bytes = gunzipSync(readFileSync(join(folder, 'heap.pb.gz')));
  return bytes.includes('plantedLeak') ? undefined : 'heap.pb.gz does not name the leak';
}

async function main(): Promise<number> {
  if (!has('go', 'version')) {
    say('pprof: skipped, there is no go on the path');
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'pprof-'));
  const sandbox = await startSandbox({ faultServer: false, idp: false });
  const subject = await startSubject(sandbox.gatewayEnv());
  const failures: string[] = [];
  const drawn = has('dot', '-V');
  for (const recipe of recipes) {
    if (recipe.drawn === true && !drawn) {
      say(`pprof: skipped, there is no dot (graphviz) on the path: ${recipe.command}`);
      continue;
    }
    const failure =
      (await run(recipe, subject, folder)) ?? (recipe.command.includes('heap.pb.gz') ? checkProto(folder) : undefined);
    say(`pprof: ${failure === undefined ? 'ok' : 'WRONG'}: ${recipe.command}`);
    if (failure !== undefined) failures.push(failure);
  }
  subject.child.removeAllListeners('exit');
  subject.child.kill();
  await once(subject.child, 'exit');
  await sandbox.close();
  rmSync(folder, { recursive: true });
  for (const failure of failures) say(failure);
  return failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
