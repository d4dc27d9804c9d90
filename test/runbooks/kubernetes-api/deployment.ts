import { createHash } from 'node:crypto';
import { now, type ObjectStore } from './objects.js';
import { Pod, type PodProcess } from './pod.js';
import type { DeploymentObject, PodTemplate, ReplicaSetObject } from './shapes.js';

const REVISION = 'deployment.kubernetes.io/revision';

/** Starts the process of a new pod. @param env settings of the pod template that the first template did not have. */
export type StartProcess = (env: Readonly<Record<string, string>>) => PodProcess;

/** Does what a deployment asks for, as the controllers of Kubernetes do: revisions, rolling updates, number of pods. */
export class DeploymentController {
  private readonly pods: Pod[] = [];
  private readonly firstEnv: Readonly<Record<string, string>>;
  private created = 0;

  /** @param start undefined for a deployment whose pods are as they are. */
  constructor(
    private readonly store: ObjectStore,
    private readonly name: string,
    private readonly start: StartProcess | undefined,
  ) {
    this.firstEnv = envOf(this.object.spec.template);
    this.store.put(earlierRevision(this.object));
    store.on('Deployment', ({ object }) => object.metadata.name === name && this.reconcile());
    store.on('Pod', ({ type }) => type !== 'ADDED' && this.reconcile());
  }

  /** Takes a process that runs already for a pod of the revision in force. */
  adopt(process: PodProcess): Pod {
    const pod = this.addPod(this.replicaSet(), process);
    this.reconcile();
    return pod;
  }

  /** Pods that are not gone, the oldest first. */
  get alive(): readonly Pod[] {
    return this.pods.filter((pod) => this.store.get('Pod', pod.name) === pod.object);
  }

  private get object(): DeploymentObject {
    const object = this.store.get('Deployment', this.name);
    if (object === undefined) throw new Error(`no deployment ${this.name}`);
    return object as DeploymentObject;
  }

  /** Goes one step towards what is asked for; the change that it makes brings the next one. */
  private reconcile(): void {
    const { spec } = this.object;
    const current = this.replicaSet();
    const kept = this.alive.filter((pod) => !pod.isTerminating);
    const updated = kept.filter((pod) => hashOf(pod) === hashOf(current));
    const outdated = kept.filter((pod) => !updated.includes(pod));
    if (this.start !== undefined) {
      const isRoom = kept.length < spec.replicas + (outdated.length > 0 ? 1 : 0);
      if (updated.length < spec.replicas && isRoom) {
        this.addPod(current, this.start(this.addedEnv(spec.template)));
        return;
      }
      const ready = kept.filter((pod) => pod.isReady).length;
      const outlived = ready > spec.replicas ? outdated[0] : outdated.find((pod) => pod.isBroken);
      const surplus = updated.length > spec.replicas ? updated.at(-1) : outlived;
      if (surplus !== undefined) {
        surplus.terminate();
        return;
      }
    }
    this.writeStatus(updated, outdated);
  }

  private addPod(replicaSet: ReplicaSetObject, process: PodProcess): Pod {
    const name = `${replicaSet.metadata.name}-${(++this.created).toString(36).padStart(5, 'k')}`;
    // In the list before anything tells of it.
    const pod = Pod.create(this.store, name, replicaSet.spec.template, process);
    this.pods.push(pod);
    this.reconcile();
    return pod;
  }

  /** The replica set of the template in force, with the newest revision. */
  private replicaSet(): ReplicaSetObject {
    const { metadata, spec } = this.object;
    const hash = createHash('sha256').update(canonical(spec.template)).digest('hex').slice(0, 10);
    const mine = this.store.list('ReplicaSet').filter((each) => each.metadata.name.startsWith(`${this.name}-`));
    const revisions = mine.map((each) => Number(each.metadata.annotations?.[REVISION]));
    const newest = Math.max(0, ...revisions);
    const known = mine.find((each) => each.metadata.name === `${this.name}-${hash}`) as ReplicaSetObject | undefined;
    if (known !== undefined && Number(known.metadata.annotations?.[REVISION]) === newest) return known;
    const revision = String(newest + 1);
    metadata.annotations = { ...metadata.annotations, [REVISION]: revision };
    const set = known ?? newReplicaSet(this.object, hash);
    set.metadata.annotations = { ...metadata.annotations };
    this.store.put(set);
    return set;
  }

  /** Returns the variables that the template has in addition to the first one: a process already knows the addresses of its site. */
  private addedEnv(template: PodTemplate): Record<string, string> {
    return Object.fromEntries(Object.entries(envOf(template)).filter(([name, value]) => this.firstEnv[name] !== value));
  }

  private writeStatus(updated: readonly Pod[], outdated: readonly Pod[]): void {
    const deployment = this.object;
    const readyReplicas = [...updated, ...outdated].filter((pod) => pod.isReady).length;
    const { replicas } = deployment.spec;
    const status: DeploymentObject['status'] = {
      observedGeneration: deployment.metadata.generation ?? 1,
      replicas: updated.length + outdated.length,
      updatedReplicas: updated.length,
      readyReplicas,
      availableReplicas: readyReplicas,
      unavailableReplicas: Math.max(0, replicas - readyReplicas),
      conditions: [
        condition('Available', readyReplicas >= replicas, 'MinimumReplicasAvailable'),
        condition('Progressing', true, 'NewReplicaSetAvailable'),
      ],
    };
    const shown = ({ conditions: _conditions, ...numbers }: DeploymentObject['status']) => JSON.stringify(numbers);
    if (shown(deployment.status ?? {}) === shown(status)) return;
    deployment.status = status;
    this.store.put(deployment);
    for (const set of this.store.list('ReplicaSet') as ReplicaSetObject[]) {
      const own = [...updated, ...outdated].filter((pod) => hashOf(pod) === hashOf(set));
      if (!set.metadata.name.startsWith(`${this.name}-`)) continue;
      set.spec.replicas = own.length;
      set.status = { replicas: own.length, readyReplicas: own.filter((pod) => pod.isReady).length };
      this.store.put(set);
    }
  }
}

/** The replica set of the release before, so that there is one to go back to. */
function earlierRevision(deployment: DeploymentObject): ReplicaSetObject {
  const earlier = structuredClone(deployment);
  const [container] = earlier.spec.template.spec.containers;
  if (container !== undefined) container.image = container.image.replace(/:[^:]*$/, ':0.0.9');
  const set = newReplicaSet(earlier, 'f1r57');
  set.metadata.annotations = { [REVISION]: '1', 'kubernetes.io/change-cause': 'release 0.0.9' };
  return set;
}

function newReplicaSet({ metadata, spec }: DeploymentObject, hash: string): ReplicaSetObject {
  const template = structuredClone(spec.template);
  template.metadata.labels['pod-template-hash'] = hash;
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name, uid: metadata.uid, controller: true };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace,
      labels: { ...template.metadata.labels },
      ownerReferences: [owner],
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: { ...spec.selector.matchLabels, 'pod-template-hash': hash } },
      template,
    },
    status: { replicas: 0, readyReplicas: 0 },
  };
}

function hashOf(of: Pod | ReplicaSetObject): string | undefined {
  const { labels } = of instanceof Pod ? of.object.metadata : of.metadata;
  return labels?.['pod-template-hash'];
}

function envOf({ spec }: PodTemplate): Record<string, string> {
  const env = spec.containers[0]?.env ?? [];
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

function condition(type: string, isMet: boolean, reason: string): object {
  return { type, status: isMet ? 'True' : 'False', reason, lastUpdateTime: now(), lastTransitionTime: now() };
}

/** Writes a value as JSON that is the same for all that mean the same: members in order, nothing that is empty. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const members = Object.entries(value).flatMap(([name, member]) => {
    const text = member === null ? '{}' : canonical(member);
    return text === '{}' || text === '[]' || text === '' ? [] : [`${JSON.stringify(name)}:${text}`];
  });
  return `{${members.toSorted().join()}}`;
}
