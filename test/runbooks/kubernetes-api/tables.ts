import type { KubernetesObject, ObjectStore } from './objects.js';
import type { DeploymentObject, EventObject, PodObject, ReplicaSetObject } from './shapes.js';

interface Column {
  readonly name: string;
  readonly cell: (object: KubernetesObject, store: ObjectStore) => string | number;
  /** Shown with `-o wide` alone. */
  readonly wide?: boolean;
}

const NAME: Column = { name: 'Name', cell: ({ metadata }) => metadata.name };
const AGE: Column = { name: 'Age', cell: ({ metadata }) => age(metadata.creationTimestamp) };

const PODS: readonly Column[] = [
  NAME,
  { name: 'Ready', cell: (pod) => `${containers(pod).filter(({ ready }) => ready).length}/${containers(pod).length}` },
  { name: 'Status', cell: podStatus },
  { name: 'Restarts', cell: (pod) => containers(pod).reduce((sum, { restartCount }) => sum + restartCount, 0) },
  AGE,
  { name: 'IP', cell: (pod) => (pod as PodObject).status.podIP, wide: true },
  { name: 'Node', cell: (pod) => (pod as PodObject).spec.nodeName, wide: true },
];

const DEPLOYMENTS: readonly Column[] = [
  NAME,
  { name: 'Ready', cell: (each) => `${status(each).readyReplicas ?? 0}/${(each as DeploymentObject).spec.replicas}` },
  { name: 'Up-to-date', cell: (each) => status(each).updatedReplicas ?? 0 },
  { name: 'Available', cell: (each) => status(each).availableReplicas ?? 0 },
  AGE,
  {
    name: 'Images',
    cell: (each) => (each as DeploymentObject).spec.template.spec.containers[0]?.image ?? '',
    wide: true,
  },
];

const REPLICA_SETS: readonly Column[] = [
  NAME,
  { name: 'Desired', cell: (each) => (each as ReplicaSetObject).spec.replicas },
  { name: 'Current', cell: (each) => (each as ReplicaSetObject).status.replicas },
  { name: 'Ready', cell: (each) => (each as ReplicaSetObject).status.readyReplicas },
  AGE,
];

const ENDPOINTS: readonly Column[] = [NAME, { name: 'Endpoints', cell: endpoints }, AGE];

const EVENTS: readonly Column[] = [
  { name: 'Last Seen', cell: (event) => age((event as EventObject).lastTimestamp) },
  { name: 'Type', cell: (event) => (event as EventObject).type },
  { name: 'Reason', cell: (event) => (event as EventObject).reason },
  { name: 'Object', cell: (event) => involved(event as EventObject) },
  { name: 'Message', cell: (event) => (event as EventObject).message },
];

const AUTOSCALERS: readonly Column[] = [
  NAME,
  { name: 'Reference', cell: (each) => `Deployment/${each.metadata.name}` },
  { name: 'MinPods', cell: (each) => (each['spec'] as { minReplicas: number }).minReplicas },
  { name: 'MaxPods', cell: (each) => (each['spec'] as { maxReplicas: number }).maxReplicas },
  { name: 'Replicas', cell: (each, store) => status(store.get('Deployment', each.metadata.name)).replicas ?? 0 },
  AGE,
];

const SETTINGS: readonly Column[] = [
  NAME,
  { name: 'Data', cell: (each) => Object.keys(each['data'] ?? {}).length },
  AGE,
];

const TABLES: Readonly<Record<string, readonly Column[]>> = {
  Pod: PODS,
  Deployment: DEPLOYMENTS,
  ReplicaSet: REPLICA_SETS,
  Endpoints: ENDPOINTS,
  Event: EVENTS,
  HorizontalPodAutoscaler: AUTOSCALERS,
  ConfigMap: SETTINGS,
  Secret: SETTINGS,
};

/** Renders objects of one kind as `kubectl get` prints them: the server decides on the columns. */
export function tableOf(kind: string, objects: readonly KubernetesObject[], store: ObjectStore): object {
  const columns = TABLES[kind] ?? [NAME, AGE];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: store.resourceVersion },
    columnDefinitions: columns.map(({ name, wide }) => ({
      name,
      type: 'string',
      format: name === 'Name' ? 'name' : '',
      description: name,
      priority: wide ? 1 : 0,
    })),
    rows: objects.map((object) => ({ cells: columns.map(({ cell }) => cell(object, store)), object })),
  };
}

function containers(pod: KubernetesObject): PodObject['status']['containerStatuses'] {
  return (pod as PodObject).status.containerStatuses;
}

function podStatus(pod: KubernetesObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const { waiting, terminated } = containers(pod)[0]?.state ?? {};
  return waiting?.reason ?? terminated?.reason ?? (pod as PodObject).status.phase;
}

function status(object: KubernetesObject | undefined): DeploymentObject['status'] {
  return (object as DeploymentObject | undefined)?.status ?? {};
}

function endpoints(object: KubernetesObject): string {
  const subsets = (object['subsets'] ?? []) as { addresses?: { ip: string }[]; ports: { port: number }[] }[];
  const found = subsets.flatMap(({ addresses = [], ports }) => addresses.map(({ ip }) => `${ip}:${ports[0]?.port}`));
  return found.length === 0 ? '<none>' : found.join(',');
}

function involved({ involvedObject: { kind, name } }: EventObject): string {
  return `${kind.toLowerCase()}/${name}`;
}

function age(since: string | undefined): string {
  const seconds = since === undefined ? 0 : Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1_000));
  return seconds < 120 ? `${seconds}s` : `${Math.floor(seconds / 60)}m`;
}
