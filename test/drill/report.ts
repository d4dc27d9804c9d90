import { COVERED_BY_UNIT_TESTS } from './scenarios/unit-tested.js';
import { type DrillResult, failuresOf } from './result.js';

/** Writes what came of the drills as Markdown: a row per alert, a row per block, and what only unit tests cover. */
export function report(results: readonly DrillResult[]): string {
  const failures = results.flatMap(failuresOf);
  const verdict =
    failures.length === 0 ? 'Everything was as it must be.' : failures.map((each) => `- ${each}`).join('\n');
  return [
    '# Drill',
    `${results.length} faults, with durations compressed and thresholds as shipped. Times are seconds.`,
    verdict,
    '## Alerts',
    table(
      ['alert', 'severity', 'fault', 'receiver', 'fired after', 'resolved after', 'result'],
      results.flatMap(alertRows),
    ),
    '## Held back while a page says it already',
    table(
      ['alert', 'fault'],
      results.flatMap(({ scenario, silenced }) => silenced.map((name) => [name, scenario])),
    ),
    '## Blocks of runbooks',
    table(['block', 'fault', 'result', 'detail'], results.flatMap(blockRows)),
    '## Covered by promtool alone',
    table(['alert', 'reason'], Object.entries(COVERED_BY_UNIT_TESTS)),
    '',
  ].join('\n\n');
}

function alertRows({ scenario, alerts }: DrillResult): string[][] {
  return alerts.map(({ alert, severity, receiver, firedAfter, resolvedAfter, failure }) => [
    alert,
    severity,
    scenario,
    receiver,
    String(firedAfter ?? '–'),
    String(resolvedAfter ?? '–'),
    failure || 'ok',
  ]);
}

function blockRows({ scenario, blocks }: DrillResult): string[][] {
  return blocks.map(({ block, outcome, detail }) => [block, scenario, outcome, detail]);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return 'None.';
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll(/\s*\n\s*/g, ' ');
}
