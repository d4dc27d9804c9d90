import type { Series } from '../drill/site/prometheus.js';
import type { Site } from '../drill/site/site.js';
import { until } from '../drill/until.js';
import type { Block } from './page.js';
import type { RunbookShell } from './shell.js';

/** Many times what a quiet machine takes. */
const MET_WITHIN_MS = 90_000;

/** Result of a block: the text for its expectation, and errors of the run itself. */
export interface Outcome {
  readonly printed: string;
  readonly problem: string | undefined;
}

/** Words of commands that change something: these blocks run once, the others until they show what is expected. */
const CHANGES = /\b(?:rollout (?:undo|restart)|scale|patch|delete|set (?:env|image)|apply|UNLINK|POST|PUT)\b/;

/** nc says all that it says on stderr, and ends with 1 when nothing listens; the others end with 1 or 69 for a fault. */
const PROBES = /\bnc -|\bgateway (?:triage|doctor|upstream)\b/;
const FOUND = new Set([1, 69]);

export function isReadOnly({ text }: Block): boolean {
  return !CHANGES.test(text);
}

/** Runs a block once: a query at the Prometheus of the site, a shell block in the shell. */
export async function runBlock(block: Block, site: Site, shell: RunbookShell): Promise<Outcome> {
  if (block.language === 'promql') return { printed: render(await site.query(block.text)), problem: undefined };
  const { out, err, code } = await shell.run(block.text);
  // These say by their exit code what they have found, and grep that it has found nothing.
  const isProbe = PROBES.test(block.text);
  const isFine = code === 0 || (isProbe && FOUND.has(code ?? 0)) || (block.expect === 'nothing' && code === 1);
  const problem = isFine && !/command not found/.test(err) ? undefined : `exit code ${code}: ${err}${out}`;
  return { printed: (isProbe ? out + err : out).trimEnd(), problem };
}

/** Says what differs from the expectation of a block; undefined when it is met. */
export function unmet({ expect }: Block, { printed, problem }: Outcome): string | undefined {
  if (problem !== undefined) return problem;
  if (expect === 'nothing')
    return printed.trim() === '' ? undefined : `printed, where nothing is expected:\n${printed}`;
  return expect?.test(printed) ? undefined : `${String(expect)} is not in what it printed:\n${printed || '(nothing)'}`;
}

/** Writes series as `name{label="value"} 1`, one a line, in the order of their labels. */
function render(series: readonly Series[]): string {
  const lines = series.map(({ labels: { __name__: metric = '', ...labels }, value }) => {
    const shown = Object.entries(labels).map(([name, text]) => `${name}="${text}"`);
    return `${metric}{${sorted(shown).join(', ')}} ${value}`;
  });
  return sorted(lines).join('\n');
}

function sorted(texts: readonly string[]): string[] {
  return texts.toSorted((a, b) => a.localeCompare(b));
}

/**
 * Runs a block that only looks until it shows what the page promises, and one that changes something once.
 * Returns what differs from the promise in the end.
 */
export async function differenceOf(block: Block, site: Site, shell: RunbookShell): Promise<string | undefined> {
  let difference: string | undefined;
  const isMet = async () => {
    difference = unmet(block, await runBlock(block, site, shell));
    return difference === undefined;
  };
  if (!isReadOnly(block)) await isMet();
  else await until('what the page promises', isMet, { timeoutMs: MET_WITHIN_MS }).catch(() => undefined);
  return difference;
}
