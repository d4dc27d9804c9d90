import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CACHE, PEERS, ROOT } from './paths.js';

const SOURCE = join(PEERS, 'go');
const TARGET = join(CACHE, 'go');
const BIN = join(TARGET, 'bin');
const PLUGINS = ['protoc-gen-go', 'protoc-gen-go-grpc', 'protoc-gen-grpc-gateway'];

function run(cwd: string, file: string, args: readonly string[]): void {
  const env = { ...process.env, PATH: [BIN, join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter) };
  execFileSync(file, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Returns the version of the Go toolchain, or undefined if it is not installed. */
export function goVersion(): string | undefined {
  try {
    return execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/** Builds grpc-gateway from the project's own protos, plugins first, all below the cache; returns the program. */
export function buildGoPeer(): string {
  mkdirSync(BIN, { recursive: true });
  for (const file of ['main.go', 'go.mod', 'go.sum']) cpSync(join(SOURCE, file), join(TARGET, file));
  if (PLUGINS.some((plugin) => !existsSync(join(BIN, plugin)))) run(TARGET, 'go', ['build', '-o', BIN, 'tool']);
  run(ROOT, 'buf', ['generate', '--template', join(SOURCE, 'buf.gen.yaml'), '-o', TARGET]);
  const program = join(BIN, 'gateway');
  run(TARGET, 'go', ['build', '-o', program, '.']);
  return program;
}
