import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { parseAllDocuments } from 'yaml';
import type { LoggedCall } from '../../sandbox/backend/call-log.js';
import { OpenParts } from '../../sandbox/open-parts.js';
import type { Pod as GatewayPod } from '../drill/site/pod.js';
import type { Site } from '../drill/site/site.js';
import { findFiles, readText } from '../ops/project-files.js';
import { DeploymentController } from './kubernetes-api/deployment.js';
import { ClusterDns } from './kubernetes-api/dns.js';
import { ObjectStore, type KubernetesObject } from './kubernetes-api/objects.js';
import type { Pod, PodProcess, Usage } from './kubernetes-api/pod.js';
import { KubernetesApi } from './kubernetes-api/server.js';
import type { DeploymentObject } from './kubernetes-api/shapes.js';

const BACKENDS = ['auth', 'user', 'tenant', 'ai'] as const;
type Backend = (typeof BACKENDS)[number];
const MAX_CALLS = 20_000;
const NEVER = new Promise<never>(() => undefined);
/** Clock ticks per second in /proc (sysconf(_SC_CLK_TCK)): 100 on every Linux that Node runs on. */
const CLOCK_TICKS = 100;

/** Pod in which a command of `kubectl exec` runs. */
export interface ExecTarget {
  readonly pod: GatewayPod;
  readonly dns: string;
  /** Addresses of the backends by the names of their Services. */
  readonly services: Readonly<Record<string, string>>;
}

/** The site as a cluster: its gateways are pods of `deployment/api-gateway`, and its backends are pods too. */
export class Cluster {
  private readonly parts = new OpenParts();
  private readonly store = new ObjectStore();
  private readonly controllers: DeploymentController[] = [];
  private readonly gateways = new Map<PodProcess, GatewayPod>();
  /** Calls of the backends, as log lines. */
  private readonly calls: LoggedCall[] = [];
  private readonly starting: Promise<unknown>[] = [];
  private dns!: ClusterDns;
  private api!: KubernetesApi;

  private constructor(private readonly site: Site) {}

  static async start(site: Site): Promise<Cluster> {
    const cluster = new Cluster(site);
    await cluster.open();
    return cluster;
  }

  /** Base URL of the Kubernetes API. */
  get url(): string {
    return this.api.url;
  }

  /** Takes gateways that the site has started by itself for pods of the deployment. */
  adopt(): void {
    const known = new Set(this.gateways.values());
    // At first also those that have ended: they are pods that crashed.
    const isMissing = (pod: GatewayPod) => !known.has(pod) && (pod.isRunning || known.size === 0);
    for (const pod of this.site.pods.filter(isMissing)) {
      const process = processOf(pod);
      this.gateways.set(process, pod);
      this.controllers[0]?.adopt(process);
    }
  }

  /** Finds where `kubectl exec` runs a command. @param name of a pod, or `deployment/api-gateway`. */
  target(name: string): ExecTarget {
    const wanted = name.replace(/^pods?\//, '');
    const isOf = (pod: Pod) => pod.name === wanted || (/^deploy/.test(name) && this.gateways.has(pod.process));
    const found = this.pods().filter((pod) => isOf(pod) && this.gateways.get(pod.process)?.isRunning);
    const pod = found.map(({ process }) => this.gateways.get(process)).find((each) => each !== undefined);
    if (pod === undefined) throw new Error(`pods "${wanted}" not found, or not running`);
    return { pod, dns: this.dns.address, services: this.services() };
  }

  /** Stops the API, not the site, once no pod of its own is about to start. Idempotent. */
  async close(): Promise<void> {
    await Promise.allSettled(this.starting);
    for (const pod of this.pods()) pod.forget();
    await this.parts.close();
  }

  private async open(): Promise<void> {
    // The record of the sandbox is of all backends and of its last calls alone.
    this.calls.push(...this.site.sandbox.calls.list());
    this.site.sandbox.calls.onRequest = (call) => {
      if (this.calls.push(call) > MAX_CALLS) this.calls.shift();
    };
    for (const object of manifests(this.site.pods.length)) this.store.put(object);
    this.dns = this.parts.add(await ClusterDns.start((name) => name in this.services()));
    this.api = this.parts.add(await KubernetesApi.start(this.store, () => this.pods()));
    this.controllers.push(new DeploymentController(this.store, 'api-gateway', (env) => this.startGateway(env)));
    this.adopt();
    for (const backend of BACKENDS) this.addBackend(backend);
    this.addMonitoring('prometheus', `${this.site.prometheus.url}/-/ready`);
  }

  private pods(): readonly Pod[] {
    return this.controllers.flatMap(({ alive }) => alive);
  }

  private services(): Record<string, string> {
    const { sandbox } = this.site;
    const names = BACKENDS.map(
      (name) => [`${name}-service.production.svc.cluster.local`, sandbox[`${name}Url`]] as const,
    );
    return Object.fromEntries(names);
  }

  /** A new pod of the site; it is not ready as long as it starts. */
  private startGateway(env: Readonly<Record<string, string>>): PodProcess {
    let current: PodProcess | undefined;
    const started = this.site.addPod(env).then((pod) => {
      current = processOf(pod);
      this.gateways.set(process, pod);
      return current;
    });
    const process: PodProcess = {
      log: () => current?.log() ?? [],
      isReady: async () => (await current?.isReady()) ?? false,
      stop: () => void started.then((it) => it.stop?.()).catch(() => undefined),
      usage: () => current?.usage?.(),
      exited: started.then((it) => it.exited).catch(() => 1),
    };
    this.starting.push(started);
    return process;
  }

  /** Prometheus as a pod that its operator would have made. */
  private addMonitoring(name: string, readyUrl: string): void {
    const deployment = deploymentOf(name, { 'app.kubernetes.io/name': name });
    this.store.put(deployment);
    const controller = new DeploymentController(this.store, name, undefined);
    this.controllers.push(controller);
    controller.adopt({ log: () => [], isReady: async () => (await fetch(readyUrl)).ok, exited: NEVER });
  }

  private addBackend(name: Backend): void {
    const service = `${name}-service`;
    this.store.put(deploymentOf(service, { app: service }));
    const controller = new DeploymentController(this.store, service, undefined);
    this.controllers.push(controller);
    const { sandbox } = this.site;
    const pod = controller.adopt({
      log: () => this.calls.filter(({ upstream }) => upstream === name).map(lineOf),
      isReady: () => accepts(sandbox[`${name}Url`]),
      exited: NEVER,
    });
    const writeEndpoints = () => this.store.put(endpointsOf(service, pod));
    writeEndpoints();
    this.store.on('Pod', ({ object }) => object === pod.object && writeEndpoints());
  }
}

function lineOf({ at, method, metadata, outcome }: LoggedCall): { at: Date; text: string } {
  const text = JSON.stringify({ method, request_id: metadata['x-request-id']?.[0], outcome: outcome ?? 'running' });
  return { at: new Date(at), text };
}

function processOf(pod: GatewayPod): PodProcess {
  return {
    log: () => pod.lines.map((line) => ({ at: new Date(String(line['ts'])), text: JSON.stringify(line) })),
    isReady: async () => (await fetch(`${pod.opsUrl}/readyz`)).ok,
    stop: () => pod.terminate(),
    isEnding: () => pod.isEnding,
    usage: () => usageOf(pod.process.child.pid),
    exited: pod.process.exited,
  };
}

/** Reads what a process uses from /proc; undefined where there is none. */
function usageOf(pid: number | undefined): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').map(Number) ?? [];
    const [uptime = 0] = readFileSync('/proc/uptime', 'utf8').split(' ').map(Number);
    // Fields 14, 15, 22 and 24 of proc(5); the first two have been cut off.
    const [user = 0, system = 0, startedAt = 0, pages = 0] = [11, 12, 19, 21].map((field) => stat[field]);
    const seconds = Math.max(1, uptime - startedAt / CLOCK_TICKS);
    const cpuMillicores = Math.round(((user + system) / CLOCK_TICKS / seconds) * 1_000);
    return { cpuMillicores, memoryBytes: pages * 4_096 };
  } catch {
    return undefined;
  }
}

/** Tells whether something listens: the readiness probe of a backend. */
function accepts(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`http://${address}`);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const settle = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}

/** The objects of k8s/, with as many replicas as there are gateways. */
function manifests(replicas: number): KubernetesObject[] {
  const texts = findFiles('k8s/*.yaml')
    .filter((path) => !path.endsWith('kustomization.yaml'))
    .map(readText);
  const all = texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject));
  const objects = all.filter((object) => object !== null && object.kind !== 'ServiceAccount');
  for (const object of objects) {
    object.metadata.namespace ??= 'production';
    if (object.kind === 'Deployment') {
      object.metadata.generation = 1;
      (object as DeploymentObject).spec.replicas = replicas;
      (object as DeploymentObject).status = {};
    }
  }
  return objects;
}

function deploymentOf(name: string, labels: Record<string, string>): DeploymentObject {
  const containers = [{ name, image: `your-registry/${name}:1.0.0` }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'production', labels, generation: 1 },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
    status: {},
  };
}

function endpointsOf(name: string, pod: Pod): KubernetesObject {
  const ports = [{ name: 'grpc', port: 50_051, protocol: 'TCP' }];
  const addresses = [{ ip: pod.object.status.podIP }];
  const subset = pod.isReady ? { addresses, ports } : { notReadyAddresses: addresses, ports };
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace: 'production' }, subsets: [subset] };
}
