import { cpus } from 'node:os';
import type { Finding } from './scenario.js';

const BEGIN = '<!-- soak:begin, written by npm run soak -->';
const END = '<!-- soak:end -->';

/** What one scenario found. */
export interface SoakResult {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  readonly date: string;
  readonly command: string;
  /** Load average of the machine before it began: what else was running. */
  readonly loadBefore: number;
  readonly findings: readonly Finding[];
}

const verdictOf = ({ passed }: Finding) => (passed === undefined ? '' : passed ? 'met' : '**missed**');

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Whether no target was missed. */
export const hasPassed = ({ findings }: SoakResult): boolean => findings.every(({ passed }) => passed !== false);

/** One scenario as Markdown, between markers of its own. */
export function renderResult({ name, title, seconds, date, command, loadBefore, findings }: SoakResult): string {
  const processor = cpus();
  const rows = findings.map((each) => row([each.what, each.figure, each.target ?? '', verdictOf(each)]));
  return [
    `<!-- soak:${name} -->`,
    `**${name}**: ${title}`,
    `${date}, ${processor[0]?.model.trim() ?? 'unknown'}, ${processor.length} cores, Node ${process.version}; load average before ${loadBefore.toFixed(1)}; load of ${seconds} s: \`${command}\``,
    [row(['figure', 'value', 'target', '']), row(['---', '---', '---', '---']), ...rows].join('\n'),
    `<!-- /soak:${name} -->`,
  ].join('\n\n');
}

/** Puts results between the markers of a document, each in place of the one before of its name. Throws without markers. */
export function mergeResults(document: string, results: readonly SoakResult[]): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`no "${BEGIN}" … "${END}" in BENCHMARKS.md`);
  let inside = document.slice(begin + BEGIN.length, end).trim();
  for (const result of results) {
    const text = renderResult(result);
    const from = inside.indexOf(`<!-- soak:${result.name} -->`);
    const last = `<!-- /soak:${result.name} -->`;
    const to = inside.indexOf(last);
    inside =
      from < 0 || to < from ? `${inside}\n\n${text}` : inside.slice(0, from) + text + inside.slice(to + last.length);
  }
  return `${document.slice(0, begin + BEGIN.length)}\n\n${inside.trim()}\n\n${document.slice(end)}`;
}
