import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ALICE } from '../support/backend-stub.js';
import { REGISTER } from '../support/typescript.js';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
/** Everything that is built or downloaded; not committed. */
const CACHE = join(ROOT, '.cache/interop');

/** One server of the run. */
export interface Backend {
  /** Name and version of its gRPC library. */
  readonly version: string;
  /** host:port. */
  readonly address: string;
  close(): Promise<void>;
}

/** A kind of server that can be started. */
export interface BackendKind {
  readonly name: 'node' | 'go' | 'python';
  /** Returns why there is none on this machine, or undefined. */
  missing(): string | undefined;
  /** Builds it if need be, and starts it. Throws when it cannot be built. */
  start(): Promise<Backend>;
}

export const BACKENDS: readonly BackendKind[] = [
  {
    name: 'node',
    missing: () => undefined,
    start: () => launch(process.execPath, ['--import', REGISTER, join(HERE, 'node-server.ts')]),
  },
  { name: 'go', missing: () => missing('go', ['version']), start: () => launch(buildGo(), []) },
  {
    name: 'python',
    missing: () => missing('python3', ['--version']),
    start: () => launch(buildPython(), [join(HERE, 'python/server.py')]),
  },
];

function missing(program: string, args: readonly string[]): string | undefined {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${program} is not on this machine`;
  }
}

function buildGo(): string {
  const program = join(CACHE, 'go-backend');
  const env = {
    ...process.env,
    GOCACHE: join(CACHE, 'gobuild'),
    GOPATH: join(CACHE, 'gopath'),
    // So that the cache can be deleted like any other folder.
    GOFLAGS: '-modcacherw',
  };
  const stdio = ['ignore', 'inherit', 'inherit'] as const;
  execFileSync('go', ['build', '-o', program, '.'], { cwd: join(HERE, 'go'), env, stdio: [...stdio] });
  return program;
}

/** Installs grpcio into an environment of its own; returns its interpreter. */
function buildPython(): string {
  const venv = join(CACHE, 'venv');
  const python = join(venv, 'bin/python');
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
  const requirements = join(HERE, 'python/requirements.txt');
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
  execFileSync(python, install, { stdio: 'inherit' });
  return python;
}

/** Starts a server, which says in its first line what and where it is, and ends with its stdin. */
async function launch(program: string, args: readonly string[]): Promise<Backend> {
  const env = { ...process.env, INTEROP_USER: ALICE.toString('hex') };
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const [line] = (await Promise.race([once(lines, 'line'), exited])) as unknown[];
  if (typeof line !== 'string') throw new Error(`${program} ended before it listened`);
  const { version, address } = JSON.parse(line) as Pick<Backend, 'version' | 'address'>;
  const close = async (): Promise<void> => {
    child.stdin.end();
    await exited;
  };
  return { version, address, close };
}
