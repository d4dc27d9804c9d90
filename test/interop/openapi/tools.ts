import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

/** Directory of the tools and of their output. */
export const CACHE = join(ROOT, '.cache/interop/openapi');

const NPM = { '@stoplight/spectral-cli': '6.16.3', '@redocly/cli': '2.77.0', orval: '7.13.2' };
const SCHEMATHESIS = 'schemathesis==4.32.5';
const GENERATOR = '7.17.0';

/** Output of a program, and whether it exited with 0. */
export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs a program to its end. The backends of the sandbox live in this process, and go on meanwhile. */
export async function run(program: string, args: readonly string[], cwd = CACHE): Promise<Outcome> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const parts: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => parts.push(part));
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.once('error', () => resolve(false)).once('close', (code) => resolve(code === 0));
  return { ok: await promise, output: Buffer.concat(parts).toString() };
}

export function has(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** Installs the tools of npm. They are too large for the dependencies of the project. */
export function installNpmTools(): string {
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(join(CACHE, 'package.json'), JSON.stringify({ private: true, dependencies: NPM }));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: CACHE, stdio: 'ignore' });
  return join(CACHE, 'node_modules/.bin');
}

/** Installs Schemathesis; undefined without Python. */
export function installSchemathesis(): string | undefined {
  if (!has('python3', '-m', 'venv', '--help')) return undefined;
  const venv = join(CACHE, 'venv');
  const python = join(venv, 'bin/python');
  if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', SCHEMATHESIS]);
  return join(venv, 'bin/st');
}

/** Fetches openapi-generator; undefined without Java and Maven. */
export function fetchGenerator(): string | undefined {
  if (!has('java', '-version') || !has('mvn', '-version')) return undefined;
  const artifact = `org.openapitools:openapi-generator-cli:${GENERATOR}`;
  const args = ['-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${CACHE}`];
  execFileSync('mvn', args, { stdio: 'inherit' });
  return join(CACHE, `openapi-generator-cli-${GENERATOR}.jar`);
}

/** Compiles a generated client under strict. */
export function compileClient(file: string): Promise<Outcome> {
  const options = ['--ignoreConfig', '--strict', '--noEmit', '--skipLibCheck', '--types', 'node'];
  const modules = ['--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022'];
  const lib = ['--lib', 'es2022,dom,dom.iterable'];
  return run(join(ROOT, 'node_modules/.bin/tsc'), [...options, ...modules, ...lib, file], ROOT);
}
