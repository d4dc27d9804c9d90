import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './sources.js';

const CACHE = join(import.meta.dirname, '../../.cache/figures');
// Version 5 of jscpd is a native program, which not every registry has for every platform.
const TOOLS = ['knip@6.44.2', 'jscpd@4.3.0'];

/** Files that are started from outside, in addition to those that package.json names. */
const KNIP = {
  entry: ['src/main.ts', 'src/**/*.spec.ts', '{test,bench,sandbox,scripts}/**/*.{ts,mjs,js}', 'bin/*.js'],
  project: ['src/**/*.ts'],
  ignore: ['src/gen/**'],
};

/** Returns the exports that nothing uses, by knip, and duplicated lines, by jscpd: both of `src/`. */
export function toolFigures(root: string): Figure[] {
  install();
  return [
    ['unused exports (knip)', String(unusedExports(root).length)],
    ['duplicated lines (jscpd, 50 tokens)', duplicates(root)],
  ];
}

function install(): void {
  if (TOOLS.every((tool) => existsSync(join(CACHE, 'node_modules', tool.split('@')[0] ?? '')))) return;
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(join(CACHE, 'package.json'), '{"private":true}\n');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--save-exact', ...TOOLS], {
    cwd: CACHE,
    stdio: 'inherit',
  });
}

/** Returns `path name` of each exported value or type of `src/` that no other file imports. */
export function unusedExports(root: string): string[] {
  const config = join(CACHE, 'knip.json');
  writeFileSync(config, JSON.stringify(KNIP));
  const args = ['--config', config, '--reporter', 'json', '--include', 'exports,types', '--no-exit-code'];
  const { stdout, stderr } = spawnSync(join(CACHE, 'node_modules/.bin/knip'), args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (!stdout.startsWith('{')) throw new Error(`knip failed: ${stdout}${stderr}`);
  const { issues } = JSON.parse(stdout) as {
    issues: { file: string; exports?: { name: string }[]; types?: { name: string }[] }[];
  };
  return issues.flatMap(({ file, exports = [], types = [] }) =>
    [...exports, ...types].map(({ name }) => `${file} ${name}`),
  );
}

function duplicates(root: string): string {
  const output = mkdtempSync(join(tmpdir(), 'figures-'));
  try {
    const ignored = '**/gen/**,**/*.spec.ts';
    const args = [
      'src',
      '--min-tokens',
      '50',
      '--ignore',
      ignored,
      '--reporters',
      'json',
      '--output',
      output,
      '--silent',
    ];
    execFileSync(join(CACHE, 'node_modules/.bin/jscpd'), args, { cwd: root, stdio: 'ignore' });
    const report = JSON.parse(readFileSync(join(output, 'jscpd-report.json'), 'utf8')) as {
      statistics: { total: { clones: number; duplicatedLines: number; percentage: number } };
    };
    const { clones, duplicatedLines, percentage } = report.statistics.total;
    return `${duplicatedLines} = ${percentage.toFixed(1)} % in ${clones} clones`;
  } finally {
    rmSync(output, { recursive: true });
  }
}
