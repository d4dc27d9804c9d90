import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../src/config/environment.js';
import { readObject } from './kubernetes-objects.js';
import { readText, readYaml } from './project-files.js';

const run = promisify(execFile);

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly envFrom: readonly Readonly<Record<string, { readonly optional?: boolean }>>[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: Readonly<Record<'requests' | 'limits', Readonly<Record<string, string>>>>;
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Pod {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: unknown;
  readonly topologySpreadConstraints: readonly { readonly labelSelector: Selector }[];
  readonly containers: readonly [Container];
  readonly volumes: readonly Readonly<Record<string, unknown>>[];
}

interface Selector {
  readonly matchLabels: Labels;
}

type Labels = Readonly<Record<string, string>>;

interface Deployment {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly strategy: unknown;
    readonly selector: Selector;
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: Pod };
  };
}

interface Service {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly type: string;
    readonly selector: Labels;
    readonly ports: readonly { targetPort: string }[];
  };
}

const deployment = readObject<Deployment>('k8s/api-gateway-deployment.yaml', 'Deployment');
const service = readYaml<Service>('k8s/api-gateway-service.yaml');
const pod = deployment.spec.template.spec;
const labels = deployment.spec.template.metadata.labels;
const [container] = pod.containers;
const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));

/** Mebibytes of a quantity such as `64Mi` or `1Gi`. */
function mebibytes(quantity: string): number {
  return Number.parseInt(quantity) * (quantity.endsWith('Gi') ? 1024 : 1);
}

function sizeOf(volume: string): number {
  const found = pod.volumes.find(({ name }) => name === volume) as { emptyDir: { sizeLimit: string } };
  return mebibytes(found.emptyDir.sizeLimit);
}

describe('the deployment', () => {
  it('is named as the runbooks name it', () => {
    expect(deployment.metadata).toMatchObject({ name: 'api-gateway', namespace: 'production' });
    expect(container.name).toBe('api-gateway');
    expect(labels['app']).toBe('api-gateway');
  });

  it('selects its own pods, also where it spreads them', () => {
    const selectors = [deployment.spec.selector, ...pod.topologySpreadConstraints.map((each) => each.labelSelector)];
    for (const { matchLabels } of selectors) expect(labels).toMatchObject(matchLabels);
  });

  it('never has fewer pods ready than it asks for', () => {
    expect(deployment.spec.strategy).toMatchObject({ rollingUpdate: { maxUnavailable: 0 } });
  });

  it('sets nothing that the gateway refuses, and every name once', () => {
    const config = parseEnvironment({ ...env, NODE_ENV: 'production' });
    expect([...config.upstreams.keys()]).toEqual(['auth', 'user', 'tenant', 'ai']);
    expect(Object.keys(env)).toHaveLength(container.env.length);
  });

  it('listens where its ports say', () => {
    const ports = Object.fromEntries(container.ports.map((port) => [port.name, port.containerPort]));
    expect(ports).toEqual({ http: Number(env['API_GATEWAY_PORT']), ops: Number(env['OPS_PORT']) });
  });

  it('keeps the admin listener inside of the pod', () => {
    expect(parseEnvironment({ ...env, NODE_ENV: 'production' }).admin).toMatchObject({ host: '127.0.0.1', port: 6060 });
  });

  it('gives the drain the time that it needs', () => {
    const { timeouts } = parseEnvironment({ ...env, NODE_ENV: 'production' });
    const graceMs = pod.terminationGracePeriodSeconds * 1000;
    expect(graceMs).toBe(timeouts.terminationGraceMs);
    expect(timeouts.preDrainMs + timeouts.shutdownMs + 5000).toBeLessThanOrEqual(graceMs);
  });

  it('probes three different paths on the ops port, none of them a deep one', () => {
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    expect(probes.map((probe) => probe.httpGet)).toEqual([
      { path: '/startupz', port: 'ops' },
      { path: '/livez', port: 'ops' },
      { path: '/readyz', port: 'ops' },
    ]);
  });

  it('starts without any other object', () => {
    const references = container.envFrom.flatMap((source) => Object.values(source));
    for (const reference of references) expect(reference.optional).toBe(true);
    for (const volume of pod.volumes) expect(Object.keys(volume)).toEqual(['name', 'emptyDir']);
    expect(container.volumeMounts.map((mount) => mount.name)).toEqual(pod.volumes.map((volume) => volume['name']));
  });

  it('keeps variables of Kubernetes out of the environment, since API_GATEWAY_PORT would be one', () => {
    expect(pod.enableServiceLinks).toBe(false);
  });

  it('is restricted as the Pod Security Standards define it', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('limits memory and leaves the processor unthrottled', () => {
    expect(container.resources).toMatchObject({
      requests: { cpu: '250m', memory: '512Mi' },
      limits: { memory: '1Gi' },
    });
    expect(container.resources.limits).not.toHaveProperty('cpu');
  });

  it('keeps usage events on a volume that they cannot outgrow', () => {
    const { shelfDirectory, shelfBytes } = parseEnvironment({ ...env, NODE_ENV: 'production' }).metering;
    const mount = container.volumeMounts.find(({ mountPath }) => mountPath === shelfDirectory);
    const volume = pod.volumes.find(({ name }) => name === mount?.name) as { emptyDir: { sizeLimit: string } };
    expect(Number.parseInt(volume.emptyDir.sizeLimit) * 1024 ** 2).toBeGreaterThan(shelfBytes);
  });

  it('runs under an account of its own, which comes with it', () => {
    const account = readObject<Deployment>('k8s/api-gateway-deployment.yaml', 'ServiceAccount');
    expect(account).toMatchObject({ metadata: deployment.metadata, automountServiceAccountToken: false });
    expect(pod.serviceAccountName).toBe(account.metadata.name);
  });

  it('has room for a snapshot of a full heap, which takes three times as much, and the pod has room for every volume', () => {
    const [, percentage] = /max-old-space-size-percentage=(\d+)/.exec(readText('Dockerfile')) ?? [];
    const heapMiB = (Number(percentage) / 100) * mebibytes(container.resources.limits['memory'] ?? '');
    const [, directory] = /--diagnostic-dir=(\S+)/.exec(env['NODE_OPTIONS'] ?? '') ?? [];
    const mount = container.volumeMounts.find(({ mountPath }) => mountPath === directory);
    expect(sizeOf(mount?.name ?? '')).toBeGreaterThanOrEqual(3 * heapMiB);
    const all = pod.volumes.map((volume) => sizeOf(String(volume['name']))).reduce((sum, size) => sum + size, 0);
    expect(mebibytes(container.resources.limits['ephemeral-storage'] ?? '')).toBeGreaterThan(all);
  });

  it('leaves a snapshot and a report without variables where it says, when the heap is full', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'diagnostics-'));
    const flags = (env['NODE_OPTIONS'] ?? '').replaceAll(/=\/var\/lib\/gateway\/diagnostics(?= |$)/g, `=${directory}`);
    const fill = 'const all = []; for (;;) all.push(new Array(10_000).fill(0.5));';
    const options = { env: { ...process.env, NODE_OPTIONS: flags }, cwd: tmpdir() };
    await expect(run(process.execPath, ['--max-old-space-size=32', '-e', fill], options)).rejects.toThrow(
      'Command failed',
    );
    const [snapshot, report, ...others] = readdirSync(directory).toSorted();
    expect(snapshot).toMatch(/^Heap\..*\.heapsnapshot$/);
    expect(report).toMatch(/^report\..*\.json$/);
    expect(others).toEqual([]);
    expect(JSON.parse(readFileSync(join(directory, report ?? ''), 'utf8'))).not.toHaveProperty('environmentVariables');
    rmSync(directory, { recursive: true });
  });

  it('pins a version of the image', () => {
    expect(container.image).toMatch(/:\d+\.\d+\.\d+$/);
  });
});

describe('the service', () => {
  it('sends the traffic of clients, and nothing else, to the pods', () => {
    expect(service.metadata).toEqual(expect.objectContaining({ name: 'api-gateway', namespace: 'production' }));
    expect(service.spec.type).toBe('ClusterIP');
    expect(labels).toMatchObject(service.spec.selector);
    expect(service.spec.ports.map((port) => port.targetPort)).toEqual(['http']);
  });
});

describe.each([
  ['api-gateway', 'prometheus-rule', 'rules'],
  ['api-gateway-kubernetes', 'prometheus-rule-kubernetes', 'kubernetes-rules'],
])('the PrometheusRule %s', (name, file, rules) => {
  const rule = readYaml<Record<'kind' | 'metadata', unknown> & { spec: unknown }>(`k8s/${file}.yaml`);

  it('holds the rules of the runbooks, and nothing else', () => {
    expect(rule.spec).toEqual(readYaml(`runbooks/alerts/${rules}.yml`));
  });

  it('belongs to the gateway', () => {
    expect(rule).toMatchObject({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name, namespace: 'production', labels: { app: 'api-gateway' } },
    });
  });
});
