import { findFiles, readText, readYaml } from './project-files.js';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A metric by its prefix; names with a colon are recorded ones. */
const METRIC = /(?<![\w:])(?:http_request|gateway|upstream_grpc|nodejs|process)[a-z0-9]*_[a-z0-9_]+(?![\w:])/g;
const SELECTOR = /\b([a-z_][a-z0-9_]*)\{/g;
const HISTOGRAM_PART = /_(?:bucket|sum|count)$/;

/** The rules of all groups, in order. */
export function readRules(): readonly Rule[] {
  const { groups } = readYaml<{ groups: readonly { rules: readonly Rule[] }[] }>('runbooks/alerts/rules.yml');
  return groups.flatMap((group) => group.rules);
}

/** Every metric that a rule or a runbook speaks of, as `/metrics` names it. A live `/metrics` must have them all. */
export function metricsUsed(): readonly string[] {
  const rules = readRules();
  const recorded = new Set(rules.flatMap((rule) => rule.record ?? []));
  const inRules = rules.flatMap(({ expr }) => [
    ...names(expr),
    ...[...expr.matchAll(SELECTOR)].map((match) => match[1] ?? ''),
  ]);
  const inPages = findFiles('runbooks/**/*.md').flatMap((path) => names(readText(path)));
  const used = [...inRules, ...inPages].map((name) => name.replace(HISTOGRAM_PART, ''));
  return [...new Set(used)].filter((name) => !recorded.has(name)).toSorted();
}

/** Every label that a rule or a runbook selects by, per metric: `http_requests_total` → `job`, `path`, `status`. */
export function labelsUsed(): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Map<string, Set<string>>();
  const texts = [...readRules().map((rule) => rule.expr), ...findFiles('runbooks/**/*.md').map(readText)];
  for (const [, name, selector] of texts.join('\n').matchAll(/\b([a-z_][a-z0-9_]*)\{([^}]*)\}/g)) {
    const metric = (name ?? '').replace(HISTOGRAM_PART, '');
    const known = labels.get(metric) ?? new Set<string>();
    for (const [, label] of (selector ?? '').matchAll(/(\w+)(?:=|!|~)/g)) known.add(label ?? '');
    labels.set(metric, known);
  }
  return labels;
}

function names(text: string): string[] {
  return [...text.matchAll(METRIC)].map(([name]) => name);
}
