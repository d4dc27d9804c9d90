import type { Dashboard } from './dashboard.js';
import { renderDashboard } from './render-dashboard.js';
import { SERVICE_DASHBOARD } from './service-dashboard.js';
import { SLO_DASHBOARD } from './slo-dashboard.js';

/** All dashboards, by the names of their files. */
export const DASHBOARDS: ReadonlyMap<string, Dashboard> = new Map([
  ['api-gateway.json', SERVICE_DASHBOARD],
  ['api-gateway-slo.json', SLO_DASHBOARD],
]);

/** The files with dashboards by their paths: those of the kustomize component, and of the chart, which must have its own. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  const folders = ['kustomize/components/dashboards', 'charts/api-gateway/dashboards'];
  return new Map(
    [...DASHBOARDS].flatMap(([name, dashboard]) => {
      const text = renderDashboard(dashboard);
      return folders.map((folder) => [`${folder}/${name}`, text] as const);
    }),
  );
}
