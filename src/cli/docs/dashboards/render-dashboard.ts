import type { Dashboard, Panel, Variable } from './dashboard.js';

const COLUMNS = 24;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
/** Default URL of the pages of runbooks/; set it when you import the dashboard. */
const RUNBOOKS = 'https://git.example.com/api-gateway/blob/main/runbooks';

interface Position {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A dashboard in the JSON model of Grafana 10 and newer, ready to import or to provision. */
export function renderDashboard({ uid, title, description, variables, rows, others }: Dashboard): string {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({ id: panels.length + 1, type: 'row', title: row.title, gridPos: { x: 0, y, w: COLUMNS, h: 1 } });
    const positions = positionsOf(row.panels, y + 1);
    row.panels.forEach((panel, index) => {
      const position = positions[index];
      if (position !== undefined) panels.push({ id: panels.length + 1, ...renderPanel(panel), gridPos: position });
    });
    y = Math.max(y + 1, ...positions.map((position) => position.y + position.h));
  }
  const model = {
    uid,
    title,
    description,
    tags: ['api-gateway'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    templating: { list: [datasource(), ...variables.map(renderVariable), runbooks()] },
    links: others.map(([text, other]) => ({
      type: 'link',
      title: text,
      url: `/d/${other}`,
      keepTime: true,
      includeVars: true,
    })),
    annotations: { list: [] },
    panels,
  };
  return `${JSON.stringify(model, null, 1)}\n`;
}

/** Lays panels out from left to right; a panel that does not fit begins a new line below the highest panel of the previous line. */
function positionsOf(panels: readonly Panel[], top: number): readonly Position[] {
  let [x, y, lineHeight] = [0, top, 0];
  return panels.map((panel) => {
    const w = panel.width ?? (panel.kind === 'stat' ? 4 : 8);
    const h = panel.kind === 'stat' ? 4 : 8;
    if (x + w > COLUMNS) [x, y, lineHeight] = [0, y + lineHeight, 0];
    const position = { x, y, w, h };
    x += w;
    lineHeight = Math.max(lineHeight, h);
    return position;
  });
}

function renderPanel({ title, description, unit, queries, kind, limit, decimals, ...panel }: Panel): object {
  const isInstant = kind === 'stat' || kind === 'table';
  const targets = queries.map(([legendFormat, expr], index) => ({
    refId: String.fromCodePoint(65 + index),
    expr,
    legendFormat,
    ...(isInstant && { instant: true, range: false }),
    ...(kind === 'table' && { format: 'table' }),
    ...(kind === 'heatmap' && { format: 'heatmap' }),
  }));
  const pages = [...(panel.alerts ?? []).map((alert) => `alerts/${alert}.md`), ...(panel.pages ?? [])];
  return {
    type: kind ?? 'timeseries',
    title,
    description,
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: {
        unit,
        ...(decimals !== undefined && { decimals }),
        ...(kind === undefined && { min: 0 }),
        ...thresholds(kind, limit),
      },
      overrides: [],
    },
    options: optionsOf(kind),
    targets: targets.map((target) => ({ datasource: DATASOURCE, ...target })),
    ...(pages.length > 0 && { links: pages.map(runbookLink) }),
  };
}

function runbookLink(page: string): object {
  return { title: `Runbook: ${page.replace(/^.*\/|\.md$/g, '')}`, url: `\${runbooks}/${page}`, targetBlank: true };
}

function thresholds(kind: Panel['kind'], limit: number | undefined): object {
  if (limit === undefined) return kind === 'stat' ? { color: { mode: 'fixed', fixedColor: 'text' } } : {};
  const steps = [
    { color: 'green', value: null },
    { color: 'red', value: limit },
  ];
  const line = kind === undefined ? { custom: { thresholdsStyle: { mode: 'dashed' } } } : {};
  return { thresholds: { mode: 'absolute', steps }, ...line };
}

function optionsOf(kind: Panel['kind']): object {
  if (kind === 'stat') {
    return { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none', textMode: 'auto' };
  }
  if (kind === 'table') return { showHeader: true };
  if (kind === 'heatmap')
    return { calculate: false, yAxis: { unit: 's' }, tooltip: { mode: 'single', yHistogram: true } };
  return {
    // Counters start at 0: series with a value come first, and the tooltip shows only these.
    legend: {
      displayMode: 'table',
      placement: 'bottom',
      showLegend: true,
      calcs: ['max', 'lastNotNull'],
      sortBy: 'Max',
      sortDesc: true,
    },
    tooltip: { mode: 'multi', sort: 'desc', hideZeros: true },
  };
}

function datasource(): object {
  return { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {} };
}

function renderVariable({ name, label, query, fixed }: Variable): object {
  const text = `label_values(${query})`;
  const all = { includeAll: true, allValue: '.*', multi: true, current: { text: ['All'], value: ['$__all'] } };
  const one = { includeAll: false, multi: false, current: { text: fixed, value: fixed } };
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query: text, refId: name },
    definition: text,
    refresh: 2,
    sort: 1,
    ...(fixed === undefined ? all : one),
  };
}

function runbooks(): object {
  return {
    name: 'runbooks',
    label: 'URL of the runbooks',
    type: 'textbox',
    query: RUNBOOKS,
    current: { text: RUNBOOKS, value: RUNBOOKS },
  };
}
