import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findPrometheusTool } from '../support/prometheus-tools.js';
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

  /** Writes the configuration with this target in place of the discovery in Kubernetes, which Debian's promtool is built without. */
  function write(labels: Readonly<Record<string, string>> = {}): string {
    const file = join(directory, 'prometheus.yml');
    const target = { targets: ['10.0.0.7:9464'], labels };
    const job = { ...scrape, kubernetes_sd_configs: undefined, static_configs: [target] };
    writeFileSync(file, stringify({ ...config, scrape_configs: [job] }));
    return file;
  }

  /** Labels that Prometheus gives a port of a pod, or undefined where it does not scrape it. */
  async function labelsOf(
    pod: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const meta = Object.entries(pod).map(([name, value]) => [`__meta_kubernetes_${name}`, value]);
    const file = write(Object.fromEntries(meta) as Record<string, string>);
    const args = ['check', 'service-discovery', '--timeout=2s', file, scrape?.job_name ?? ''];
    const { stdout } = await run(promtool, args);
    const [found] = JSON.parse(stdout) as readonly { labels?: Readonly<Record<string, string>> }[];
    return Object.keys(found?.labels ?? {}).length === 0 ? undefined : found?.labels;
  }

  it('is one that Prometheus takes, with the rules', async () => {
    expect(config.rule_files).toEqual(['rules.yml']);
    const { stdout } = await run(promtool, ['check', 'config', write()]);
    expect(stdout).toContain('SUCCESS');
  });

  it.each([
    ['serves', 'Running', 'true'],
    ['drains, or is not ready yet', 'Running', 'false'],
  ])('scrapes a pod that %s, under the job that the rules select', async (_, phase, ready) => {
    const pod = { pod_container_port_name: 'ops', pod_phase: phase, pod_ready: ready, pod_name: 'a', namespace: 'b' };
    const labels = await labelsOf(pod);
    expect(labels).toMatchObject({ instance: '10.0.0.7:9464', pod: 'a', namespace: 'b' });
    expect(jobs).toEqual([labels?.['job']]);
  });

  it.each([
    ['the port of clients', 'http', 'Running'],
    ['a pod that has ended', 'ops', 'Succeeded'],
    ['a pod that has failed', 'ops', 'Failed'],
  ])('leaves out %s', async (_, port, phase) => {
    expect(await labelsOf({ pod_container_port_name: port, pod_phase: phase })).toBeUndefined();
  });
});
