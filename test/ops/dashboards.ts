import { findFiles, readYaml } from './project-files.js';

/** A panel of Grafana, as far as these tests look at it. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: {
    readonly defaults: { readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] } };
  };
  readonly targets?: readonly Target[];
  readonly links?: readonly { readonly title: string; readonly url: string }[];
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly Variable[] };
  readonly links: readonly { readonly url: string }[];
  readonly panels: readonly Panel[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
  readonly current: { readonly value?: string | readonly string[] };
}

/** One query of a panel, named as a reader finds it: dashboard, panel and letter. */
export interface PanelQuery {
  readonly name: string;
  readonly expr: string;
  readonly legend: string;
}

/** The dashboards as Grafana gets them, by their paths. */
export function readDashboards(): ReadonlyMap<string, Dashboard> {
  return new Map(findFiles('kustomize/components/dashboards/*.json').map((path) => [path, readYaml<Dashboard>(path)]));
}

/** Every query of every panel, with the variables of Grafana replaced by what they are when nothing is selected. */
export function panelQueries(): readonly PanelQuery[] {
  return [...readDashboards().values()].flatMap(({ uid, panels }) =>
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr, legendFormat }) => ({
        name: `${uid}: ${title}, ${refId}`,
        expr: withoutVariables(expr),
        legend: legendFormat,
      })),
    ),
  );
}

function withoutVariables(expr: string): string {
  return expr
    .replaceAll('$job', 'api-gateway')
    .replaceAll(/\$(?:instance|upstream|route)\b/g, '.*')
    .replaceAll('$__rate_interval', '1m');
}
