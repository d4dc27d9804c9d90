import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { goVersion } from './go-peer.js';
import type { Sample } from './measure.js';
import type { Options } from './options.js';
import { ROOT } from './paths.js';
import { summarise, verdicts, type Row } from './summary.js';
import { median } from './statistics.js';
import { isSaturated, renderTables } from './table.js';

const BEGIN = '<!-- results:begin, written by npm run bench -->';
const END = '<!-- results:end -->';
const MARKDOWN = join(ROOT, 'bench/BENCHMARKS.md');
const JSON_FILE = join(ROOT, 'bench/results.json');

/** Machine and date of the measurement. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly go: string | undefined;
  readonly date: string;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    go: goVersion(),
    date: new Date().toISOString().slice(0, 10),
  };
}

function machineLine(machine: Machine, { rounds, seconds, connections, rate }: Options): string {
  const { cpu, cores, memoryGb, node, go, date } = machine;
  const pressure = rate === undefined ? 'saturation' : `${rate} requests/s`;
  const tools = go === undefined ? `Node ${node}` : `Node ${node}, ${go}`;
  return `${date}, ${cpu}, ${cores} cores, ${memoryGb} GB, ${tools}; ${rounds} rounds of ${seconds} s, ${connections} connections, ${pressure}.`;
}

function caveats(rows: readonly Row[]): string[] {
  const foreign = median(rows.map((row) => row.foreign));
  const noise = `Other programs took ${(foreign * 100).toFixed(0)} % of both cores.`;
  if (rows.every(isSaturated)) return [noise];
  return [
    noise,
    '\\* its core was not full: CPU a request holds, but its rate and latency are those of something else.',
  ];
}

/** Results of a run. */
export interface Report {
  readonly rows: readonly Row[];
  readonly text: string;
}

/** @param absent reasons why systems did not take part. */
export function makeReport(samples: readonly Sample[], options: Options, absent: readonly string[]): Report {
  const rows = summarise(samples);
  const notes = [...absent, ...verdicts(rows)].map((note) => `- ${note}`);
  const parts = [machineLine(describeMachine(), options), renderTables(rows), ...caveats(rows), notes.join('\n')];
  return { rows, text: parts.filter((part) => part !== '').join('\n\n') };
}

/** Puts text between the markers of a Markdown document. Throws when they are not there. */
export function replaceResults(document: string, text: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`no "${BEGIN}" … "${END}" in BENCHMARKS.md`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${document.slice(end)}`;
}

/** Writes bench/results.json and the tables of bench/BENCHMARKS.md. */
export function saveReport({ rows, text }: Report, options: Options): void {
  const { rounds, seconds, connections, rate } = options;
  const json = { machine: describeMachine(), run: { rounds, seconds, connections, rate }, rows };
  writeFileSync(JSON_FILE, `${JSON.stringify(json, undefined, 2)}\n`);
  writeFileSync(MARKDOWN, replaceResults(readFileSync(MARKDOWN, 'utf8'), text));
}
