/** A type of object that this API server knows. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Name in paths: pods, deployments, ... */
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
}

type Row = readonly [group: string, version: string, kind: string, plural: string, ...shortNames: string[]];

/** Resources that the runbooks use, and no others: see README.md. */
const ROWS: readonly Row[] = [
  ['', 'v1', 'Pod', 'pods', 'po'],
  ['', 'v1', 'Service', 'services', 'svc'],
  ['', 'v1', 'Endpoints', 'endpoints', 'ep'],
  ['', 'v1', 'Event', 'events', 'ev'],
  ['', 'v1', 'ConfigMap', 'configmaps', 'cm'],
  ['', 'v1', 'Secret', 'secrets'],
  ['apps', 'v1', 'Deployment', 'deployments', 'deploy'],
  ['apps', 'v1', 'ReplicaSet', 'replicasets', 'rs'],
  ['autoscaling', 'v1', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', 'hpa'],
  ['autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', 'hpa'],
  ['policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets', 'pdb'],
  ['networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies', 'netpol'],
  ['networking.k8s.io', 'v1', 'Ingress', 'ingresses', 'ing'],
  ['monitoring.coreos.com', 'v1', 'PodMonitor', 'podmonitors', 'pmon'],
  ['monitoring.coreos.com', 'v1', 'PrometheusRule', 'prometheusrules', 'promrule'],
  ['metrics.k8s.io', 'v1beta1', 'PodMetrics', 'pods'],
];

export const RESOURCES: readonly ResourceType[] = ROWS.map(([group, version, kind, plural, ...shortNames]) => ({
  group,
  version,
  kind,
  plural,
  shortNames,
  namespaced: true,
}));

/** `v1`, or `apps/v1`: as it stands in `apiVersion`. */
export function apiVersionOf({ group, version }: Pick<ResourceType, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Answers what clients ask about the API itself; undefined for any other path. */
export function discover(path: string): object | undefined {
  if (path === '/version') return { major: '1', minor: '29', gitVersion: 'v1.29.0', platform: 'node' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups() };
  const [, group = '', version] = /^\/api(?:s\/([^/]+))?\/([^/]+)$/.exec(path) ?? [];
  const resources = RESOURCES.filter((type) => type.group === group && type.version === version);
  if (version === undefined || resources.length === 0) return undefined;
  const groupVersion = group === '' ? version : `${group}/${version}`;
  return { kind: 'APIResourceList', groupVersion, resources: resources.flatMap(describe) };
}

function groups(): object[] {
  const names = [...new Set(RESOURCES.map(({ group }) => group))].filter((name) => name !== '');
  return names.map((name) => {
    const versions = [...new Set(RESOURCES.filter(({ group }) => group === name).map(({ version }) => version))];
    const listed = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { name, versions: listed, preferredVersion: listed[0] };
  });
}

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

function describe({ group, kind, plural, shortNames, namespaced }: ResourceType): object[] {
  const itself = { name: plural, singularName: kind.toLowerCase(), namespaced, kind, verbs: VERBS, shortNames };
  if (plural === 'pods' && group === '') {
    return [itself, { name: 'pods/log', singularName: '', namespaced, kind, verbs: ['get'] }];
  }
  if (plural !== 'deployments') return [itself];
  const scale = {
    name: `${plural}/scale`,
    singularName: '',
    namespaced,
    kind: 'Scale',
    verbs: ['get', 'patch', 'update'],
  };
  return [itself, { ...scale, group: 'autoscaling', version: 'v1' }];
}
