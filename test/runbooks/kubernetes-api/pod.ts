import { setTimeout as pause } from 'node:timers/promises';
import { now, type ObjectStore } from './objects.js';
import type { EventObject, PodObject, PodTemplate } from './shapes.js';

const PROBE_PERIOD_MS = 200;

/** Processor in thousandths of a core, over the life of the process, and resident memory. */
export interface Usage {
  readonly cpuMillicores: number;
  readonly memoryBytes: number;
}

/** The process behind a pod: it is the pod's one container. */
export interface PodProcess {
  /** Log lines so far, each with its time. */
  log(): readonly { readonly at: Date; readonly text: string }[];
  /** Result of its readiness probe. */
  isReady(): Promise<boolean>;
  /** Sends SIGTERM; a process that cannot be ended has none. */
  stop?(): void;
  /** It was told to end by somebody else than the API. */
  isEnding?(): boolean;
  /** Current resource usage; undefined when unknown. */
  usage?(): Usage | undefined;
  /** Resolves to its exit code; null after a signal. */
  readonly exited: Promise<number | null>;
}

/** A pod and its process: probes it, and keeps the object of the pod up to date. */
export class Pod {
  private isGone = false;

  private constructor(
    private readonly store: ObjectStore,
    readonly object: PodObject,
    readonly process: PodProcess,
  ) {}

  /** Creates the object of a pod and looks after it until its process has ended. */
  static create(store: ObjectStore, name: string, template: PodTemplate, process: PodProcess): Pod {
    const pod = new Pod(store, podObject(name, template), process);
    store.put(pod.object);
    pod.tell('Normal', 'Started', `Started container ${pod.container}`);
    void pod.watch();
    return pod;
  }

  get name(): string {
    return this.object.metadata.name;
  }

  get isReady(): boolean {
    return !this.isTerminating && this.object.status.containerStatuses.every(({ ready }) => ready);
  }

  /** Its process has ended by itself. */
  get isBroken(): boolean {
    return this.isGone && !this.isTerminating;
  }

  get isTerminating(): boolean {
    return this.object.metadata.deletionTimestamp !== undefined;
  }

  /** Asks the process to end; the object goes with it. */
  terminate(): void {
    if (this.isTerminating) return;
    this.markAsEnding();
    this.process.stop?.();
    if (this.isGone) this.store.remove(this.object);
  }

  private markAsEnding(): void {
    if (this.isTerminating) return;
    this.object.metadata.deletionTimestamp = now();
    this.object.metadata.deletionGracePeriodSeconds = 60;
    this.store.put(this.object);
    this.tell('Normal', 'Killing', `Stopping container ${this.container}`);
  }

  /** Stops looking after it. */
  forget(): void {
    this.isGone = true;
  }

  private get container(): string {
    return this.object.spec.containers[0]?.name ?? '';
  }

  private async watch(): Promise<void> {
    void this.process.exited.then((code) => this.end(code));
    while (!this.isGone) {
      const isReady = await this.process.isReady().catch(() => false);
      if (!this.isGone) this.note(isReady);
      if (this.process.isEnding?.() === true) this.markAsEnding();
      await pause(PROBE_PERIOD_MS, undefined, { ref: false });
    }
  }

  private note(isReady: boolean): void {
    const [container] = this.object.status.containerStatuses;
    if (container === undefined || container.ready === isReady) return;
    container.ready = isReady;
    container.started = true;
    for (const each of this.object.status.conditions) {
      if (each.type === 'Ready' || each.type === 'ContainersReady') {
        Object.assign(each, { status: isReady ? 'True' : 'False', lastTransitionTime: now() });
      }
    }
    this.store.put(this.object);
    if (!isReady && !this.isTerminating) this.tell('Warning', 'Unhealthy', 'Readiness probe failed');
  }

  private end(code: number | null): void {
    if (this.isGone) return;
    this.note(false);
    this.isGone = true;
    if (this.isTerminating) {
      this.store.remove(this.object);
      return;
    }
    const [container] = this.object.status.containerStatuses;
    if (container === undefined) return;
    const exitCode = code ?? 137;
    const startedAt = this.object.status.startTime;
    container.lastState = { terminated: { reason: 'Error', exitCode, startedAt, finishedAt: now() } };
    container.state = { waiting: { reason: 'CrashLoopBackOff', message: `back-off restarting ${this.container}` } };
    container.restartCount += 1;
    this.store.put(this.object);
    this.tell('Warning', 'BackOff', `Back-off restarting failed container ${this.container}`);
  }

  private tell(type: EventObject['type'], reason: string, message: string): void {
    const { name, namespace } = this.object.metadata;
    const metadata = { name: `${name}.${this.store.resourceVersion}`, namespace };
    const involvedObject = { kind: 'Pod', namespace, name };
    const source = { component: 'kubelet' };
    const times = { firstTimestamp: now(), lastTimestamp: now(), count: 1 };
    const event: EventObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata,
      involvedObject,
      type,
      reason,
      message,
      source,
      ...times,
    };
    this.store.put(event);
  }
}

function podObject(name: string, { metadata, spec }: PodTemplate): PodObject {
  const [container = { name: 'main', image: 'none' }] = spec.containers;
  const since = now();
  const conditions = ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
    type,
    status: type.endsWith('Ready') ? ('False' as const) : ('True' as const),
    lastTransitionTime: since,
  }));
  const containerStatus = { name: container.name, image: container.image, imageID: '', ready: false, started: false };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'production', ...structuredClone(metadata) },
    spec: { ...structuredClone(spec), nodeName: 'node-1' },
    status: {
      phase: 'Running',
      podIP: '127.0.0.1',
      startTime: since,
      conditions,
      containerStatuses: [
        { ...containerStatus, restartCount: 0, state: { running: { startedAt: since } }, lastState: {} },
      ],
    },
  };
}
