import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findPrometheusTool } from '../support/debian-tools.js';
import { readObject } from './kubernetes-objects.js';
import { readRules } from './metric-names.js';
import { readYaml, ROOT } from './project-files.js';

const run = promisify(execFile);

interface PodMonitor {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly jobLabel: string;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly podMetricsEndpoints: readonly { readonly port: string; readonly path: string }[];
  };
}

interface ServiceMonitor {
  readonly spec: {
    readonly jobLabel: string;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly endpoints: readonly { readonly port: string; readonly path: string }[];
  };
}

interface Service {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly publishNotReadyAddresses?: boolean;
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
  };
}

interface Deployment {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly {
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
          readonly env: readonly { readonly name: string; readonly value: string }[];
        }[];
      };
    };
  };
}

interface PrometheusConfig {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly { readonly job_name: string; readonly relabel_configs: readonly unknown[] }[];
}

const { metadata: where, spec } = readYaml<PodMonitor>('k8s/pod-monitor.yaml');
const deployment = readObject<Deployment>('k8s/api-gateway-deployment.yaml', 'Deployment');
const pods = deployment.spec.template;
/** Values of `job` that the rules select. */
const jobs = [
  ...new Set(readRules().flatMap(({ expr }) => [...expr.matchAll(/\bjob="([^"]*)"/g)].map(([, job]) => job))),
];

describe('the PodMonitor', () => {
  it('selects the pods of the deployment, where they are', () => {
    expect(pods.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(where.namespace).toBe(deployment.metadata.namespace);
  });

  it('scrapes the port of metrics by a name that the pods have', () => {
    const [container] = pods.spec.containers;
    const opsPort = container?.env.find(({ name }) => name === 'OPS_PORT')?.value;
    const named = container?.ports.find(({ name }) => name === spec.podMetricsEndpoints[0]?.port);
    expect(spec.podMetricsEndpoints).toHaveLength(1);
    expect(spec.podMetricsEndpoints[0]?.path).toBe('/metrics');
    expect(String(named?.containerPort)).toBe(opsPort);
  });

  it('gives series the job that every rule selects', () => {
    expect(jobs).toEqual([pods.metadata.labels[spec.jobLabel]]);
  });
});

describe('the ServiceMonitor', () => {
  const folder = 'kustomize/components/service-monitor';
  const monitor = readYaml<ServiceMonitor>(`${folder}/service-monitor.yaml`);
  const service = readYaml<Service>(`${folder}/service.yaml`);

  it('selects its Service, and that the pods, which are endpoints also while they are not ready', () => {
    expect(service.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
    expect(pods.metadata.labels).toMatchObject(service.spec.selector);
    expect(service.spec.publishNotReadyAddresses).toBe(true);
  });

  it('does not select the Service of clients', () => {
    const { metadata } = readYaml<Service>('k8s/api-gateway-service.yaml');
    expect(metadata.labels).not.toMatchObject(monitor.spec.selector.matchLabels);
  });

  it('scrapes the port of metrics, under the job that every rule selects', () => {
    const [port] = service.spec.ports;
    expect(monitor.spec.endpoints).toEqual([expect.objectContaining({ port: port?.name, path: '/metrics' })]);
    expect(pods.spec.containers[0]?.ports).toContainEqual({ name: port?.targetPort, containerPort: port?.port });
    expect(port?.targetPort).toBe(spec.podMetricsEndpoints[0]?.port);
    expect(jobs).toEqual([service.metadata.labels[monitor.spec.jobLabel]]);
  });
});

describe('the configuration of a Prometheus without the operator', () => {
  const config = readYaml<PrometheusConfig>('runbooks/alerts/prometheus.yml');
  const scrape = config.scrape_configs[0];
  const directory = mkdtempSync(join(tmpdir(), 'scraping-'));
  let promtool = '';

  beforeAll(() => {
    promtool = findPrometheusTool('promtool');
    cpSync(join(ROOT, 'runbooks/alerts/rules.yml'), join(directory, 'rules.yml'));
  }, 120_000);
  afterAll(() => rmSync(directory, { recursive: true }));

  /** Ports of pods: what discovery in Kubernetes says of them, and whether they are scraped. */
  const PORTS = [
    ['the metrics of a pod that serves', true, 'ops', 'Running', 'true'],
    ['the metrics of a pod that drains, or is not ready yet', true, 'ops', 'Running', 'false'],
    ['the port of clients', false, 'http', 'Running', 'true'],
    ['a pod that has ended', false, 'ops', 'Succeeded', 'false'],
    ['a pod that has failed', false, 'ops', 'Failed', 'false'],
  ] as const;

  /** Writes the configuration with those ports in place of the discovery in Kubernetes, which Debian's promtool is built without. */
  function write(): string {
    const file = join(directory, 'prometheus.yml');
    const targets = PORTS.map(([, , port, phase, ready], index) => ({
      targets: [`10.0.0.${index}:9464`],
      labels: {
        __meta_kubernetes_namespace: 'production',
        __meta_kubernetes_pod_name: `pod-${index}`,
        __meta_kubernetes_pod_container_port_name: port,
        __meta_kubernetes_pod_phase: phase,
        __meta_kubernetes_pod_ready: ready,
      },
    }));
    const job = { ...scrape, kubernetes_sd_configs: undefined, static_configs: targets };
    writeFileSync(file, stringify({ ...config, scrape_configs: [job] }));
    return file;
  }

  it('is one that Prometheus takes, with the rules', async () => {
    expect(config.rule_files).toEqual(['rules.yml']);
    const { stdout } = await run(promtool, ['check', 'config', write()]);
    expect(stdout).toContain('SUCCESS');
  });

  it('scrapes pods that serve, drain or are not ready yet, under the job that the rules select, and nothing else', async () => {
    const { stdout } = await run(promtool, [
      'check',
      'service-discovery',
      '--timeout=3s',
      write(),
      scrape?.job_name ?? '',
    ]);
    const found = JSON.parse(stdout) as readonly { labels?: Readonly<Record<string, string>> }[];
    const scraped = found
      .flatMap(({ labels }) => (labels?.['job'] === undefined ? [] : [labels]))
      .map(({ job, pod, namespace, instance }) => ({ job, pod, namespace, instance }));
    const expected = PORTS.flatMap(([, isScraped], index) =>
      isScraped
        ? [{ job: jobs[0], pod: `pod-${index}`, namespace: 'production', instance: `10.0.0.${index}:9464` }]
        : [],
    );
    expect(found).toHaveLength(PORTS.length);
    expect(scraped.toSorted((x, y) => (x.pod ?? '').localeCompare(y.pod ?? ''))).toEqual(expected);
  });
});
