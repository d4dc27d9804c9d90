import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readText, ROOT } from './project-files.js';

/** Installs the lowest Node that `engines` of package.json promises below .cache, and returns the path of its program. */
export async function lowestNode(): Promise<string> {
  const { engines } = JSON.parse(readText('package.json')) as { engines: { node: string } };
  const [major, minor = '0', patch = '0'] = engines.node.replace('>=', '').split('.');
  const version = `${major}.${minor}.${patch}`;
  const folder = join(ROOT, '.cache/node', version);
  const name = `node-${process.platform}-${process.arch}`;
  const program = join(folder, 'node_modules', name, 'bin/node');
  const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  if (!existsSync(program)) {
    await promisify(execFile)('npm', ['install', '--prefix', folder, ...flags, `${name}@${version}`]);
  }
  return program;
}
