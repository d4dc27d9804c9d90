import type { Evidence, Requirement } from './requirements.js';

/** State of a requirement; one that is shown in part is `not yet`. */
type Standing = Evidence['kind'];

const STANDINGS: readonly Standing[] = ['test', 'script', 'does not apply', 'not yet'];

/** The report as Markdown: how many requirements of each chapter stand how, and each that is not yet met. */
export function reportOf(requirements: readonly Requirement[], problems: readonly string[]): string {
  const chapters = [...new Set(requirements.map(({ chapter }) => chapter))];
  const rows = chapters.map((chapter) =>
    countsOf(
      chapter,
      requirements.filter((row) => row.chapter === chapter),
    ),
  );
  return [
    '# Conformance',
    '',
    `| chapter | rows | by test | by script | does not apply | not yet |`,
    '|---|---|---|---|---|---|',
    ...rows,
    countsOf('all', requirements),
    ...sectionOf('Not yet', requirements.flatMap(notYet)),
    ...sectionOf('Problems', problems),
    '',
  ].join('\n');
}

function countsOf(name: string, requirements: readonly Requirement[]): string {
  const standings = requirements.map(standingOf);
  const counts = STANDINGS.map((standing) => standings.filter((one) => one === standing).length);
  return `| ${[name.replace(/^.*\//, ''), requirements.length, ...counts].join(' | ')} |`;
}

function standingOf({ evidence }: Requirement): Standing | undefined {
  const kinds = evidence.map(({ kind }) => kind);
  return (['not yet', 'does not apply', 'test', 'script'] as const).find((kind) => kinds.includes(kind));
}

function notYet({ id, evidence }: Requirement): string[] {
  return evidence.flatMap((one) => (one.kind === 'not yet' ? [`${id}: ${one.reason}`] : []));
}

function sectionOf(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines.map((line) => `- ${line}`)];
}
