import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

interface Finding {
  readonly code: string;
  readonly filename: string;
}

/** The table of CONTRIBUTING.md: each room with the rooms that it may import. */
function readRooms(): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)\/` +\|.*\|([^|]*)\|$/gm)];
  const names = rows.map((row) => row[1] ?? '');
  const rooms = new Map<string, readonly string[]>();
  for (const row of rows) rooms.set(row[1] ?? '', parseCell(row[2] ?? '', names, rooms));
  return rooms;
}

function parseCell(cell: string, names: readonly string[], above: ReadonlyMap<string, readonly string[]>): string[] {
  const words = [...cell.matchAll(/`(\w+)(\+?)`/g)].map((match) => ({ room: match[1] ?? '', plus: match[2] === '+' }));
  if (cell.includes('everything')) return names.filter((name) => words.every((word) => word.room !== name));
  return words.flatMap((word) => (word.plus ? [word.room, ...(above.get(word.room) ?? [])] : [word.room]));
}

/** Returns the findings of oxlint for these files, under the project's own rules. */
async function lint(files: ReadonlyMap<string, string>, directory: string): Promise<Finding[]> {
  for (const name of ['.oxlintrc.json', 'tsconfig.json']) cpSync(join(ROOT, name), join(directory, name));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  const oxlint = join(ROOT, 'node_modules/.bin/oxlint');
  const output = await new Promise<string>((resolve) => {
    const options = { cwd: directory, maxBuffer: 1 << 26, timeout: 20_000 };
    execFile(oxlint, ['--type-aware', '--format', 'json', 'src'], options, (_error, stdout) => resolve(stdout));
  });
  return (JSON.parse(output) as { diagnostics: Finding[] }).diagnostics;
}

/** Every room importing every other one, from its top level and from a folder below. */
function crossImports(names: readonly string[]): Map<string, string> {
  const files = new Map(names.map((name) => [`src/${name}/target.ts`, 'export const target = 1;\n']));
  for (const room of names) {
    for (const other of names.filter((name) => name !== room)) {
      files.set(`src/${room}/uses-${other}.ts`, `export { target } from '../${other}/target.js';\n`);
      files.set(`src/${room}/deep/uses-${other}.ts`, `export { target } from '../../${other}/target.js';\n`);
    }
  }
  return files;
}

const WRONG: ReadonlyMap<string, string> = new Map([
  ['src/domain/a.ts', "import { b } from './b.js';\nexport const a = (): number => b();\n"],
  ['src/domain/b.ts', "import { a } from './a.js';\nexport const b = (): number => a();\n"],
  ['src/domain/barrel.ts', "export * from './target.js';\n"],
  [
    'src/domain/floating.ts',
    'async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n',
  ],
  ['src/traffic/uses-rxjs.ts', "import { map } from 'rxjs';\nexport const double = map((n: number) => n * 2);\n"],
  ['src/traffic/reads-env.ts', 'export const home = process.env.HOME;\n'],
  ['src/config/reads-env.ts', 'export const home = process.env.HOME;\n'],
  ['src/access/trims.ts', 'export const name = (header: string): string => header.trim();\n'],
  ['src/edge/lowers.ts', 'export const type = (header: string): string => header.toLowerCase();\n'],
  ['src/edge/uses-root.ts', "export { AppModule } from '../app.module.js';\n"],
]);

describe('the rooms of src/', () => {
  const rooms = readRooms();
  const names = [...rooms.keys()];
  const linted = names.filter((name) => name !== 'gen');
  const directory = mkdtempSync(join(tmpdir(), 'rooms-'));
  let findings: readonly Finding[] = [];

  const codesOf = (file: string): string[] =>
    findings.filter((finding) => finding.filename === `src/${file}`).map((finding) => finding.code);
  const allowed = (room: string, folder: string): string[] =>
    names.filter((other) => other !== room && codesOf(`${room}/${folder}uses-${other}.ts`).length === 0);

  beforeAll(async () => {
    findings = await lint(new Map([...crossImports(names), ...WRONG]), directory);
  });

  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('have a row each in CONTRIBUTING.md', () => {
    const entries = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(names).toHaveLength(16);
    expect(names).toEqual(expect.arrayContaining(entries.map((entry) => entry.name)));
  });

  it.each(linted)('let %s/ import what its row says and nothing else', (room) => {
    const expected = names.filter((name) => name !== room && rooms.get(room)?.includes(name) === true);
    expect(allowed(room, '')).toEqual(expected);
    expect(allowed(room, 'deep/')).toEqual(expected);
  });

  it.each([
    ['a cycle', 'domain/a.ts', 'import(no-cycle)'],
    ['a barrel file', 'domain/barrel.ts', 'oxc(no-barrel-file)'],
    ['a promise that nobody awaits', 'domain/floating.ts', 'typescript(no-floating-promises)'],
    ['RxJS as a value', 'traffic/uses-rxjs.ts', 'eslint(no-restricted-imports)'],
    ['the composition root seen from a room', 'edge/uses-root.ts', 'eslint(no-restricted-imports)'],
    ['Unicode white space in header values', 'access/trims.ts', 'eslint(no-restricted-properties)'],
    ['Unicode letters in header values', 'edge/lowers.ts', 'eslint(no-restricted-properties)'],
    ['process.env outside config/', 'traffic/reads-env.ts', 'node(no-process-env)'],
  ])('refuse %s', (_what, file, code) => {
    expect(codesOf(file)).toEqual([code]);
  });

  it('let config/ read process.env', () => {
    expect(codesOf('config/reads-env.ts')).toEqual([]);
  });
});
