import type { Block, Page } from './page.js';

/** At most this part of all blocks may have a reason instead of an expectation. */
export const MAX_EXCUSED = 0.1;

/** Every block with what becomes of it, and their number, as a Markdown table. */
export function reportOf(pages: readonly Page[]): string {
  const blocks = pages.flatMap((page) => page.blocks.map((block) => ({ scenario: page.scenario, block })));
  const excused = blocks.filter(({ block }) => block.excuse !== undefined);
  const share = ((100 * excused.length) / blocks.length).toFixed(1);
  const rows = blocks.map(
    ({ scenario, block }) => `| ${[place(block), firstLine(block), fate(scenario, block)].join(' | ')} |`,
  );
  return [
    `${blocks.length} blocks on ${pages.length} pages: ${blocks.length - excused.length} are executed, ${excused.length} are excused (${share} %).`,
    ...excused.map(({ block }) => `- ${place(block)}: ${block.excuse ?? ''}`),
    '',
    '| block | first line | executed |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function place({ path, line }: Block): string {
  return `${path}:${line}`;
}

function firstLine({ text }: Block): string {
  return `\`${(text.split('\n', 1)[0] ?? '').replaceAll('|', '\\|')}\``;
}

function fate(scenario: string | undefined, { excuse, when }: Block): string {
  if (excuse !== undefined) return `no: ${excuse}`;
  return when === 'recovery' ? `after ${scenario ?? 'no fault'}` : `during ${scenario ?? 'no fault'}`;
}
