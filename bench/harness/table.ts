import { SCENARIOS } from './scenarios.js';
import type { Row } from './summary.js';
import { SYSTEMS } from './systems.js';

const HEADINGS = [
  'system',
  'CPU µs/request',
  '× NestJS (min–max)',
  'requests/s',
  'core',
  'load core',
  'p50 ms',
  'p99 ms',
  'RSS MB',
];
const MEGABYTE = 1e6;
const SATURATED = 0.85;

/** Returns true if the system saturated its core, so that its rate and latency are its own. */
export const isSaturated = ({ busy }: Pick<Row, 'busy'>): boolean => busy >= SATURATED;

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;

function cellsOf(row: Row): string[] {
  const { ratio } = row;
  return [
    SYSTEMS[row.system].title,
    row.cpuUsPerRequest.toFixed(0),
    ratio ? `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})` : '–',
    row.requestsPerSecond.toFixed(0),
    percent(row.busy) + (isSaturated(row) ? '' : ' *'),
    percent(row.loadBusy),
    row.p50Ms.toFixed(1),
    row.p99Ms.toFixed(1),
    (row.rssBytes / MEGABYTE).toFixed(0),
  ];
}

const line = (cells: readonly string[], widths: readonly number[]) =>
  `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;

/** Renders a Markdown table with aligned columns. */
function table(rows: readonly (readonly string[])[]): string {
  const all = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)));
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(HEADINGS, widths), `| ${rule.join(' | ')} |`, ...rows.map((cells) => line(cells, widths))].join('\n');
}

/** Renders one table per scenario, each under its title. */
export function renderTables(rows: readonly Row[]): string {
  const groups = Map.groupBy(rows, ({ scenario }) => scenario);
  return [...groups]
    .map(([scenario, group]) => `**${SCENARIOS[scenario].title}**\n\n${table(group.map(cellsOf))}`)
    .join('\n\n');
}
