import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findPrometheusTool } from '../support/debian-tools.js';
import { type Dashboard, type Panel, panelQueries, readDashboards } from './dashboards.js';
import { readRules } from './metric-names.js';
import { readText, readYaml, ROOT } from './project-files.js';

const run = promisify(execFile);
const DASHBOARDS = [...readDashboards()];
const QUERIES = panelQueries();
const ALERTS = readRules().filter(({ alert }) => alert !== undefined);
const LETTERS = ['A', 'B', 'C', 'D', 'E', 'F'];
/** Variables that Grafana has by itself. */
const BUILT_IN = ['__rate_interval', '__all'];

const curves = ({ panels }: Dashboard) => panels.filter(({ type }) => type !== 'row');

describe.each(DASHBOARDS)('%s', (path, dashboard) => {
  it('numbers its panels once, and names and explains each', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { title, description } of curves(dashboard))
      expect([title, description]).toEqual([/\S/, /\S/].map(like));
  });

  it('lays its panels side by side in 24 columns, none above another', () => {
    const cells = dashboard.panels.flatMap(cellsOf);
    expect(cells.filter((cell, index) => cells.indexOf(cell) !== index)).toEqual([]);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  it('asks the Prometheus that is selected, each query by a letter of its own', () => {
    const [first] = dashboard.templating.list;
    expect(first).toMatchObject({ name: 'datasource', type: 'datasource' });
    for (const { title, datasource, targets = [] } of curves(dashboard)) {
      const sources = [datasource, ...targets.map((target) => target.datasource)];
      expect([title, ...new Set(sources.map((source) => JSON.stringify(source)))]).toEqual([
        title,
        JSON.stringify({ type: 'prometheus', uid: '${datasource}' }),
      ]);
      expect(targets.map(({ refId }) => refId)).toEqual(LETTERS.slice(0, targets.length));
    }
  });

  it('uses every variable that it declares, and no other', () => {
    const declared = dashboard.templating.list.map(({ name }) => name);
    const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
    expect([...new Set(used)].filter((name) => !BUILT_IN.includes(name)).toSorted()).toEqual(declared.toSorted());
  });

  it('links to pages that exist, and to dashboards that exist', () => {
    const pages = dashboard.panels.flatMap(({ links = [] }) => links.map(({ url }) => url));
    expect(pages.filter((url) => !existsSync(join(ROOT, url.replace('${runbooks}', 'runbooks'))))).toEqual([]);
    const uids = DASHBOARDS.map(([, { uid }]) => `/d/${uid}`);
    for (const { url } of dashboard.links) expect(uids).toContain(url);
  });

  it('fits into a ConfigMap, and into the annotation in which kubectl apply keeps it once more', () => {
    expect(Buffer.byteLength(JSON.stringify(readText(path)))).toBeLessThan(256 * 1024 - 4096);
  });
});

describe('the panels', () => {
  it('ask in the language of Prometheus', async () => {
    const rules = QUERIES.map(({ expr }, index) => ({ record: `query_${index}`, expr }));
    const scratch = mkdtempSync(join(tmpdir(), 'dashboards-'));
    writeFileSync(join(scratch, 'queries.yml'), stringify({ groups: [{ name: 'queries', rules }] }));
    const { stdout } = await run(findPrometheusTool('promtool'), ['check', 'rules', join(scratch, 'queries.yml')]);
    rmSync(scratch, { recursive: true });
    expect(stdout).toContain(`SUCCESS: ${QUERIES.length} rules found`);
  });

  it('name their series by labels that the query keeps', () => {
    for (const { name, expr, legend } of QUERIES) {
      const labels = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
      expect([name, labels.filter((label) => !kept.includes(label))]).toEqual([name, []]);
    }
  });

  it('lead to the page of every alert but the Watchdog', () => {
    const urls = DASHBOARDS.flatMap(([, { panels }]) =>
      panels.flatMap(({ links = [] }) => links.map(({ url }) => url)),
    );
    const alerts = new Set(ALERTS.map(({ alert }) => alert).filter((alert) => alert !== 'Watchdog'));
    expect([...alerts].filter((alert) => !urls.includes(`\${runbooks}/alerts/${alert}.md`))).toEqual([]);
  });

  it('turn red where an alert that they link to fires', () => {
    for (const panel of DASHBOARDS.flatMap(([, dashboard]) => curves(dashboard))) {
      const limit = panel.fieldConfig?.defaults.thresholds?.steps.at(-1)?.value;
      // 1 and 2 are states and full places rather than limits of a rule.
      if (limit === undefined || limit === null || limit === 1 || limit === 2) continue;
      const linked = ALERTS.filter(({ alert }) => panel.links?.some(({ url }) => url.endsWith(`/${alert}.md`)));
      const limits = linked.flatMap(({ expr }) => [...expr.matchAll(/> ([\d.]+)/g)].map(([, value]) => Number(value)));
      expect([panel.title, limits]).toEqual([panel.title, expect.arrayContaining([limit])]);
    }
  });
});

describe('the kustomize component', () => {
  it('makes a ConfigMap of each file that the sidecar of Grafana finds', () => {
    const component = readYaml<{
      generatorOptions: { labels: object };
      configMapGenerator: readonly { files: readonly string[] }[];
    }>('kustomize/components/dashboards/kustomization.yaml');
    expect(component.generatorOptions.labels).toMatchObject({ grafana_dashboard: '1' });
    const files = component.configMapGenerator.flatMap(({ files: list }) => list);
    expect(files.map((name) => `kustomize/components/dashboards/${name}`).toSorted()).toEqual(
      DASHBOARDS.map(([path]) => path),
    );
  });
});

function like(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** The cells of the grid that a panel covers. */
function cellsOf({ gridPos: { x, y, w, h } }: Panel): string[] {
  return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
}
