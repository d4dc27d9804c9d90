import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findFiles, readText, ROOT } from '../ops/project-files.js';
import { parseChapter, type Evidence, type Requirement } from './requirements.js';
import { titlesOf } from './test-titles.js';

/** The folders whose specs `npm test` runs. */
const SPEC = /^(?:src|test|sandbox|bench|scripts)\/.+\.spec\.ts$/;
const NUMBERED = /^(.*?)(\d+)[a-z]?$/;

/** Requirements of all chapters, in order. */
export function readRequirements(): Requirement[] {
  const chapters = findFiles('docs/requirements/*.md').filter((path) => !path.endsWith('/README.md'));
  return chapters.flatMap((path) => parseChapter(path, readText(path)));
}

/** Returns the errors of the tables, one line per error; empty when each requirement has a test, a script or a reason. */
export function problemsOf(requirements: readonly Requirement[]): string[] {
  const seen = new Set<string>();
  const problems = requirements.flatMap((requirement) => {
    const repeated = seen.has(requirement.id) ? ['this ID stands twice'] : [];
    seen.add(requirement.id);
    const where = `${requirement.chapter}:${requirement.line} ${requirement.id}`;
    return [...repeated, ...problemsOfRow(requirement)].map((problem) => `${where}: ${problem}`);
  });
  return [...problems, ...gapsOf(seen)];
}

function problemsOfRow({ id, text, evidence, unread }: Requirement): string[] {
  const problems = evidence.flatMap(problemOf);
  if (id === '') problems.push('the ID is missing');
  if (text === '') problems.push('the requirement is missing');
  if (unread !== '') problems.push(`"${unread}" is no test, no script and no reason`);
  if (evidence.length === 0 && unread === '') problems.push('neither a test nor a reason');
  return problems;
}

function problemOf(evidence: Evidence): string[] {
  if (evidence.kind === 'test') return problemOfTest(evidence.spec, evidence.title);
  if (evidence.kind === 'script') return problemOfScript(evidence.script, evidence.scenario);
  return [];
}

const titles = new Map<string, readonly string[]>();

function problemOfTest(spec: string, title: string): string[] {
  if (!SPEC.test(spec) || !existsSync(join(ROOT, spec))) return [`there is no spec ${spec}`];
  const known = titles.get(spec) ?? titlesOf(readText(spec));
  titles.set(spec, known);
  return known.some((known) => known.includes(title)) ? [] : [`${spec} has no test "${title}"`];
}

function problemOfScript(script: string, scenario: string | undefined): string[] {
  const { scripts } = JSON.parse(readText('package.json')) as { scripts: Readonly<Record<string, string>> };
  const command = scripts[script];
  if (command === undefined) return [`there is no script npm run ${script}`];
  if (scenario === undefined) return [];
  const folder = /(\S+)\/run\.ts/.exec(command)?.[1] ?? '';
  const exists = existsSync(join(ROOT, folder, 'scenarios', `${scenario}.ts`));
  return exists ? [] : [`npm run ${script} has no scenario ${scenario}`];
}

/** Numbers that are missing between the first and the last of a series: rows that somebody dropped. */
function gapsOf(ids: ReadonlySet<string>): string[] {
  const series = new Map<string, Set<number>>();
  for (const id of ids) {
    const [, name = '', number] = NUMBERED.exec(id) ?? [];
    if (number !== undefined) series.set(name, (series.get(name) ?? new Set()).add(Number(number)));
  }
  return [...series].flatMap(([name, numbers]) =>
    Array.from({ length: Math.max(...numbers) }, (_, index) => index + 1)
      .filter((number) => !numbers.has(number))
      .map((number) => `${name}${number}: no chapter has this row`),
  );
}
