import { panelQueries } from './dashboards.js';
import { findFiles, readText, readYaml } from './project-files.js';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A metric by its prefix; names with a colon are recorded ones. Files, settings and fields of the log look different. */
const METRIC =
  /(?<![\w:./-])(?:http_request|gateway|upstream_grpc|rate_limit|circuit_breaker|nodejs|process)[a-z0-9]*_[a-z0-9_]*[a-z0-9](?![\w:])/g;
const SELECTOR = /\b([a-z_][a-z0-9_]*)\{([^}]*)\}/g;
const HISTOGRAM_PART = /_(?:bucket|sum|count)$/;
/** Series that Prometheus, Alertmanager and kube-state-metrics make, not the gateway. */
const OF_OTHERS = /^(?:up$|scrape_|prometheus_|alertmanager_|kube_)/;
/** Names of log events that look like metrics. */
const LOG_TOKENS = new Set(['rate_limit_cleanup']);

/** The rules on the gateway's own metrics, and those that need kube-state-metrics. */
export const RULE_FILES = ['runbooks/alerts/rules.yml', 'runbooks/alerts/kubernetes-rules.yml'] as const;

/** The rules of all groups of all files, in order. */
export function readRules(): readonly Rule[] {
  const files = RULE_FILES.map((path) => readYaml<{ groups: readonly { rules: readonly Rule[] }[] }>(path));
  return files.flatMap(({ groups }) => groups).flatMap((group) => group.rules);
}

/** Everything that a reader may learn of a metric from, rules and dashboards among it. */
export function documents(): readonly string[] {
  const pages = findFiles('{README.md,docs/*.md,runbooks/**/*.md}').map((path) => readText(path));
  return [...readRules().map(({ expr }) => expr), ...panelQueries().map(({ expr }) => expr), ...pages];
}

/** Every metric that a rule, a runbook or a document speaks of, as `/metrics` names it. A live `/metrics` must have them all. */
export function metricsUsed(): readonly string[] {
  const recorded = new Set(recordedLabels().keys());
  const inRules = readRules().flatMap(({ expr }) => [...expr.matchAll(SELECTOR)].map(([, name]) => name ?? ''));
  const used = [...inRules, ...documents().flatMap(names)].map((name) => name.replace(HISTOGRAM_PART, ''));
  return [...new Set(used)]
    .filter((name) => !recorded.has(name) && !LOG_TOKENS.has(name) && !OF_OTHERS.test(name))
    .toSorted();
}

/** Every label that a rule, a runbook or a document selects by, per metric: `http_requests_total` → `job`, `path`, `status`. */
export function labelsUsed(): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Map<string, Set<string>>();
  const recorded = recordedLabels();
  for (const [, name, selector] of documents().join('\n').matchAll(SELECTOR)) {
    const metric = (name ?? '').replace(HISTOGRAM_PART, '');
    if (OF_OTHERS.test(metric)) continue;
    const known = labels.get(metric) ?? new Set<string>();
    for (const label of (selector ?? '').matchAll(/(\w+)(?:=|!|~)/g)) known.add(label[1] ?? '');
    for (const label of recorded.get(metric) ?? []) known.delete(label);
    labels.set(metric, known);
  }
  return labels;
}

/** Selectors that an `increase()` of a rule looks at: metric and labels with their values, but for those of the scrape and of other programs. */
export function increasesOf(rules: readonly Rule[]): readonly (readonly [metric: string, matchers: string])[] {
  const found = rules.flatMap(({ expr }) => [...expr.matchAll(/\bincrease\((\w+)\{([^}]*)\}/g)]);
  const own = found.filter(([, metric = '']) => !OF_OTHERS.test(metric));
  return own.map(([, metric = '', matchers = '']) => [metric, matchers.replace(/job="[^"]*",?/, '')]);
}

/** Returns the labels that recording rules add to their metrics: `gateway_http_request_duration_seconds` → `quantile`. */
function recordedLabels(): ReadonlyMap<string, readonly string[]> {
  return new Map(readRules().flatMap(({ record, labels = {} }) => (record ? [[record, Object.keys(labels)]] : [])));
}

function names(text: string): string[] {
  return [...text.matchAll(METRIC)].map(([name]) => name);
}
