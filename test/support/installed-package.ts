import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { ROOT } from '../ops/project-files.js';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>> | string;
}

/** Files that `npm pack` includes in addition to `dist`: `files` of package.json. */
const PACKED = ['CHANGELOG.md', 'README.md', 'bin', 'k8s', 'kustomize', 'package.json', 'proto', 'starter'];

/**
 * Makes the package that `npm pack` makes, of the gateway that is built already, and of nothing else: neither sources nor
 * development dependencies are near. @returns the path of its archive, in a directory of its own.
 */
export function packGateway(builtGateway: string, { types = false } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  for (const name of PACKED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  cpSync(join(builtGateway, 'dist'), join(folder, 'dist'), { recursive: true });
  if (types) writeDeclarations(join(folder, 'dist'));
  const env = { ...process.env, npm_config_update_notifier: 'false', npm_config_offline: 'true' };
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent'], { cwd: folder, env, stdio: 'pipe' });
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return join(folder, `api-gateway-${version}.tgz`);
}

/** Writes the types of all modules, not checked once more. They are kept in the cache: the next time only those that changed are made. */
function writeDeclarations(out: string): void {
  const cache = join(ROOT, '.cache/types');
  const args = ['-p', 'tsconfig.build.json', '--noCheck', '--emitDeclarationOnly', '--incremental'];
  const places = ['--outDir', cache, '--tsBuildInfoFile', join(cache, 'build.tsbuildinfo')];
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), [...args, ...places], { cwd: ROOT, stdio: 'pipe' });
  cpSync(cache, out, { recursive: true, filter: (path) => !path.endsWith('.tsbuildinfo') });
}

/**
 * Does what `npm install <archive> <names>` does, without a registry: unpacks the archive, links its dependencies and the
 * named packages to those of this checkout, and makes their commands.
 */
export async function installOffline(folder: string, archive: string, names: readonly string[]): Promise<void> {
  const target = join(folder, 'node_modules/api-gateway');
  for (const { header, data } of await unpackTar(gunzipSync(readFileSync(archive)))) {
    const path = join(target, header.name.split('/').slice(1).join('/'));
    if (header.type !== 'file') continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Buffer.from(data ?? []), { mode: header.mode ?? 0o644 });
  }
  const own = join(folder, 'package.json');
  if (!existsSync(own)) writeFileSync(own, '{ "private": true }\n');
  const { dependencies } = manifest(target);
  for (const name of [...Object.keys(dependencies), ...names]) link(folder, name);
  for (const name of ['api-gateway', ...names]) linkCommands(folder, name);
}

/** PATH of a machine with Node, npm and the usual tools, but with none of the commands of this checkout. */
export function plainPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  symlinkSync(process.execPath, join(folder, 'node'));
  const others = (process.env['PATH'] ?? '').split(':').filter((path) => !path.includes('node_modules'));
  return [folder, ...others].join(':');
}

function link(folder: string, name: string): void {
  const path = join(folder, 'node_modules', name);
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), path);
}

function linkCommands(folder: string, name: string): void {
  const directory = join(folder, 'node_modules', name);
  const { bin = {} } = manifest(directory);
  const commands = typeof bin === 'string' ? { [name.split('/').at(-1) ?? name]: bin } : bin;
  for (const [command, file] of Object.entries(commands)) {
    const path = join(folder, 'node_modules/.bin', command);
    if (existsSync(path)) continue;
    mkdirSync(dirname(path), { recursive: true });
    if (name === 'api-gateway') chmodSync(join(directory, file), 0o755);
    symlinkSync(relative(dirname(path), join(directory, file)), path);
  }
}

function manifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}
