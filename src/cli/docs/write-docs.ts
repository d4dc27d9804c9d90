import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Terminal } from '../terminal.js';
import { chartFiles } from './chart.js';
import { configurationPage } from './configuration-page.js';
import { dashboardFiles } from './dashboards/dashboard-files.js';
import { errorsPage } from './errors-page.js';
import { logPage } from './log-page.js';
import { metricsPage } from './metrics-page.js';
import { prometheusRules } from './prometheus-rule.js';
import { podMonitor, prometheusConfig, serviceMonitorFiles } from './scraping.js';

const ROOT = new URL('../../../', import.meta.url);
const PAGES = new Map<string, () => string>([
  ['docs/configuration.md', configurationPage],
  ['docs/errors.md', errorsPage],
  ['docs/log.md', logPage],
  ['docs/metrics.md', metricsPage],
  ['k8s/pod-monitor.yaml', podMonitor],
  ['runbooks/alerts/prometheus.yml', prometheusConfig],
]);

/** Generators in the order in which they run: the chart is last, since it reads manifests that others write. */
const GENERATORS: readonly (() => Iterable<readonly [path: string, text: string]>)[] = [
  () => [...PAGES].map(([path, render]) => [path, render()] as const),
  prometheusRules,
  dashboardFiles,
  serviceMonitorFiles,
  chartFiles,
];

/** Writes the generated files, or with `check` only reports which are stale. Returns the exit code. */
export function writeDocs(terminal: Terminal, options: { readonly check: boolean }): number {
  const stale = GENERATORS.flatMap((generate) => {
    const files = [...generate()].filter(([path, text]) => readPage(path) !== text);
    if (!options.check) for (const [path, text] of files) writePage(path, text);
    return files.map(([path]) => path);
  });
  if (options.check) {
    for (const path of stale) terminal.err(`${path} is stale; run npx gateway docs`);
    return stale.length === 0 ? 0 : 1;
  }
  terminal.out(stale.length === 0 ? 'docs are fresh' : `wrote ${stale.join(', ')}`);
  return 0;
}

function writePage(path: string, text: string): void {
  mkdirSync(new URL('.', new URL(path, ROOT)), { recursive: true });
  writeFileSync(new URL(path, ROOT), text);
}

function readPage(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, ROOT), 'utf8');
  } catch {
    return undefined;
  }
}
