import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Pod } from './pod.js';
import { writeLog } from './pod-log.js';
import { isSelected, now, type Change, type KubernetesObject, type ObjectStore, type Selection } from './objects.js';
import { applyPatch } from './patch.js';
import { apiVersionOf, discover, RESOURCES, type ResourceType } from './resources.js';
import type { DeploymentObject } from './shapes.js';
import { tableOf } from './tables.js';

const PATH = /^\/api(?:s\/([^/]+))?\/([^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/;

/** A request of a client, taken apart. */
interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly part: string | undefined;
}

/** The part of the Kubernetes API that the runbooks need, on a loopback port: README.md lists what it covers. */
export class KubernetesApi {
  private constructor(
    private readonly server: Server,
    private readonly store: ObjectStore,
    private readonly pods: () => readonly Pod[],
  ) {}

  /** Starts it over a store; the pods are those whose logs can be read. */
  static async start(store: ObjectStore, pods: () => readonly Pod[]): Promise<KubernetesApi> {
    const server = createServer();
    const api = new KubernetesApi(server, store, pods);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      api.handle(request, response).catch((error: unknown) => {
        fail(response, 500, 'InternalError', error instanceof Error ? error.message : String(error));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
    const discovered = discover(pathname);
    if (discovered !== undefined) return send(response, discovered);
    const [, group = '', version, namespace, plural, name, part] = PATH.exec(pathname) ?? [];
    const type = RESOURCES.find((each) => each.group === group && each.version === version && each.plural === plural);
    if (type === undefined) return fail(response, 404, 'NotFound', 'the server could not find the requested resource');
    const call: Call = { request, response, query, type, namespace, name, part };
    if (type.kind === 'PodMetrics')
      return send(
        response,
        podMetrics(this.pods().filter(({ object }) => isSelected(object, selectionOf(query, namespace)))),
      );
    if (name === undefined) return query.get('watch') ? this.watch(call) : this.list(call);
    return this.one(call, name);
  }

  private list(call: Call): void {
    const { request, response, query, type, namespace } = call;
    const selection = selectionOf(query, namespace);
    const items = this.store
      .list(type.kind, selection)
      .map((object) => ({ ...object, apiVersion: apiVersionOf(type) }));
    if (wantsTable(request)) return send(response, tableOf(type.kind, items, this.store));
    const metadata = { resourceVersion: this.store.resourceVersion };
    send(response, { kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata, items });
  }

  /** Streams changes from now on, and first what is there already to a client that has not listed it. */
  private watch({ request, response, query, type, namespace }: Call): void {
    const selection = selectionOf(query, namespace);
    response.writeHead(200, { 'content-type': 'application/json' });
    const tell = (change: Change) => {
      if (!isSelected(change.object, selection)) return;
      const object = { ...change.object, apiVersion: apiVersionOf(type) };
      const shown = wantsTable(request) ? tableOf(type.kind, [object], this.store) : object;
      response.write(`${JSON.stringify({ type: change.type, object: shown })}\n`);
    };
    const since = Number(query.get('resourceVersion') ?? 0);
    for (const object of this.store.list(type.kind)) {
      if (Number(object.metadata.resourceVersion) > since) tell({ type: 'ADDED', object });
    }
    this.store.on(type.kind, tell);
    response.once('close', () => this.store.off(type.kind, tell));
    const seconds = Number(query.get('timeoutSeconds') ?? 0);
    if (seconds > 0) setTimeout(() => response.end(), seconds * 1_000).unref();
    response.flushHeaders();
  }

  private async one(call: Call, name: string): Promise<void> {
    const { request, response, query, type, namespace, part } = call;
    const object = this.store.get(type.kind, name, namespace);
    if (object === undefined) return fail(response, 404, 'NotFound', `${type.plural} "${name}" not found`);
    if (part === 'log')
      return writeLog(
        response,
        query,
        this.pods().find((pod) => pod.name === name),
      );
    if (part === 'scale') return this.scale(call, object as DeploymentObject);
    if (request.method === 'PATCH' || request.method === 'PUT') {
      const body = await json(request);
      const patched =
        request.method === 'PUT' ? (body as KubernetesObject) : applyPatch(object, body, mediaType(request));
      return send(response, this.update(object, patched));
    }
    if (request.method === 'DELETE') {
      this.pods()
        .find((pod) => pod.object === object)
        ?.terminate();
      if (type.kind !== 'Pod') this.store.remove(object);
      return send(response, object);
    }
    if (request.method !== 'GET') return fail(response, 405, 'MethodNotAllowed', `${request.method} is not supported`);
    const shown = { ...object, apiVersion: apiVersionOf(type) };
    send(response, wantsTable(request) ? tableOf(type.kind, [shown], this.store) : shown);
  }

  private update(before: KubernetesObject, after: KubernetesObject): KubernetesObject {
    if (JSON.stringify(before['spec']) !== JSON.stringify(after['spec'])) {
      after.metadata.generation = (before.metadata.generation ?? 1) + 1;
    }
    return this.store.put(Object.assign(before, after, { kind: before.kind }));
  }

  private async scale({ request, response }: Call, deployment: DeploymentObject): Promise<void> {
    const scaleOf = ({ metadata, spec, status }: DeploymentObject) => ({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: metadata.name, namespace: metadata.namespace, resourceVersion: metadata.resourceVersion },
      spec: { replicas: spec.replicas },
      status: { replicas: status.replicas ?? 0 },
    });
    if (request.method === 'GET') return send(response, scaleOf(deployment));
    const body = await json(request);
    const asked = request.method === 'PUT' ? body : applyPatch(scaleOf(deployment), body, mediaType(request));
    const { replicas } = (asked as { spec: { replicas: number } }).spec;
    this.update(deployment, { ...deployment, spec: { ...deployment.spec, replicas } });
    send(response, scaleOf(this.store.get('Deployment', deployment.metadata.name) as DeploymentObject));
  }
}

function selectionOf(query: URLSearchParams, namespace: string | undefined): Selection {
  const labels = query.get('labelSelector') ?? undefined;
  return { namespace, labels, fields: query.get('fieldSelector') ?? undefined };
}

function wantsTable({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('as=Table') ?? false;
}

function mediaType({ headers }: IncomingMessage): string {
  return (headers['content-type'] ?? '').split(';')[0] ?? '';
}

/** Returns the resource usage of each pod, in the form of metrics-server. */
function podMetrics(pods: readonly Pod[]): object {
  const items = pods.flatMap(({ object: { metadata, spec }, process }) => {
    const usage = process.usage?.();
    if (usage === undefined) return [];
    const { name, namespace, labels } = metadata;
    const shown = { cpu: `${usage.cpuMillicores}m`, memory: `${Math.ceil(usage.memoryBytes / 1024)}Ki` };
    const containers = [{ name: spec.containers[0]?.name, usage: shown }];
    return [{ metadata: { name, namespace, labels }, timestamp: now(), window: '15s', containers }];
  });
  return { kind: 'PodMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', metadata: {}, items };
}

function send(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Answers with the Status object that clients print. */
export function fail(response: ServerResponse, code: number, reason: string, message: string): void {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  if (response.headersSent) response.end();
  else response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(status));
}
