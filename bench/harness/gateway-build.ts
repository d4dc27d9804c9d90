import { spawnSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.js';

const newest = (patterns: readonly string[]) =>
  Math.max(...globSync([...patterns], { cwd: ROOT }).map((file) => statSync(join(ROOT, file)).mtimeMs));

function build(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0)
    throw new Error('npm run build failed, so there is no gateway to measure (--only nest,fastify,go leaves it out)');
}

/** Builds the gateway as it is shipped, unless `dist` is newer than every source; returns its main file. */
export function buildGateway(): string {
  const main = join(ROOT, 'dist/main.js');
  const sources = ['src/**/*.ts', 'src/**/*.binpb', 'tsconfig*.json', 'nest-cli.json', 'package.json'];
  const isFresh = existsSync(main) && statSync(main).mtimeMs >= newest(sources);
  if (!isFresh) build();
  return main;
}
