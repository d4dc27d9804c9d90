import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Backend, type BackendKind, BACKENDS } from './backends.js';
import { large, metadata, richStatus, statuses, thousand, unknown } from './calls.js';
import { type Row, Subject } from './check.js';
import { circuit } from './circuit.js';
import { deadlines } from './deadlines.js';
import { cancels, streams } from './streams.js';

const CHECKS = { statuses, richStatus, unknown, metadata, large, thousand, streams, cancels, deadlines, circuit };
const FOLDER = join(import.meta.dirname, '../../test-artifacts');

/** The results of one backend. */
interface Result {
  readonly backend: string;
  readonly version?: string;
  /** Reason why it was not run. */
  readonly skipped?: string;
  readonly rows: readonly (Row & { readonly check: string })[];
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function runOn(kind: BackendKind): Promise<Result> {
  const backend = await started(kind);
  if (typeof backend === 'string') return { backend: kind.name, skipped: backend, rows: [] };
  const subject = new Subject(backend.address);
  const rows: Result['rows'][number][] = [];
  try {
    for (const [check, run] of Object.entries(CHECKS)) {
      for (const row of await run(subject)) rows.push({ check, ...row });
    }
  } finally {
    subject.transport.close();
    await backend.close();
  }
  return { backend: kind.name, version: backend.version, rows };
}

/** Starts the server; returns a reason instead when that is not possible on this machine. */
async function started(kind: BackendKind): Promise<Backend | string> {
  try {
    return kind.missing() ?? (await kind.start());
  } catch (error) {
    return `it cannot be built: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function sayResult({ backend, version, skipped, rows }: Result): void {
  if (skipped !== undefined) return say(`${backend}: skipped, ${skipped}`);
  const wrong = rows.filter(({ misread }) => misread > 0);
  const calls = rows.reduce((sum, { count }) => sum + count, 0);
  say(`${backend} (${version}): ${rows.length} rows, ${calls} calls, ${wrong.length} rows misread`);
  for (const { check, what, expected, saw, count, misread } of wrong) {
    say(`  ${check}: ${what}: ${misread} of ${count} were not "${expected}" but ${saw}`);
  }
}

/** Runs the tables of the transport against each kind of backend. `npm run interop -- go python` runs those two. */
async function main(names: readonly string[]): Promise<void> {
  const results: Result[] = [];
  for (const kind of BACKENDS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const result = await runOn(kind);
    sayResult(result);
    results.push(result);
  }
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, 'interop.json');
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  say(`Results: ${file}`);
  if (results.some(({ rows }) => rows.some(({ misread }) => misread > 0))) process.exitCode = 1;
}

await main(process.argv.slice(2));
