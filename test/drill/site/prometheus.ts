import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { readText } from '../../ops/project-files.js';
import { compressConfig, compressRules, FACTOR } from '../compress.js';
import { writeHistory } from './history.js';
import { ToolProcess } from './tool-process.js';

export type Labels = Readonly<Record<string, string>>;

/** A series at one moment. */
export interface Series {
  readonly labels: Labels;
  readonly value: number;
}

/** An alert as Prometheus has it. */
export interface PrometheusAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: 'pending' | 'firing';
}

/** A pod to scrape, as the API server of Kubernetes would tell of it. */
export interface ScrapedPod {
  readonly name: string;
  /** `host:port` of its operational listener. */
  readonly address: string;
}

export interface PrometheusOptions {
  readonly pods: readonly ScrapedPod[];
  readonly alertmanager: { readonly address: string } | undefined;
}

interface PrometheusConfig {
  rule_files: string[];
  alerting?: unknown;
  scrape_configs: Record<string, unknown>[];
}

/** A real Prometheus with the project's rules and scrape configuration, whose durations are compressed. */
export class Prometheus {
  private constructor(
    private readonly process: ToolProcess,
    private readonly directory: string,
  ) {}

  /** @param alertmanager without it alerts are evaluated and sent nowhere. */
  static async start({ pods, alertmanager }: PrometheusOptions): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'prometheus-'));
    await writeHistory(`${directory}/data`, pods);
    writeTargets(directory, pods);
    writeFileSync(join(directory, 'rules.yml'), compressRules(readText('runbooks/alerts/rules.yml')));
    writeFileSync(join(directory, 'prometheus.yml'), configuration(directory, alertmanager?.address));
    const args = [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      // A minute unless told otherwise.
      `--rules.alert.resend-delay=${60 / FACTOR}s`,
    ];
    return new Prometheus(await ToolProcess.start('prometheus', args), directory);
  }

  get url(): string {
    return this.process.url;
  }

  /** Replaces the pods that are scraped. */
  scrape(pods: readonly ScrapedPod[]): void {
    writeTargets(this.directory, pods);
  }

  /** Evaluates an instant query. Throws Prometheus' own words for one that is wrong. */
  async query(expression: string): Promise<readonly Series[]> {
    const { resultType, result } = await this.get<QueryResult>(`query?query=${encodeURIComponent(expression)}`);
    if (resultType === 'scalar') return [{ labels: {}, value: Number(result[1]) }];
    return (result as readonly VectorSample[]).map(({ metric, value }) => ({
      labels: metric,
      value: Number(value[1]),
    }));
  }

  /** The one value that a query gives; undefined for none. */
  async value(expression: string): Promise<number | undefined> {
    return (await this.query(expression))[0]?.value;
  }

  async alerts(): Promise<readonly PrometheusAlert[]> {
    return (await this.get<{ readonly alerts: readonly PrometheusAlert[] }>('alerts')).alerts;
  }

  /** Names of the alerts that fire. */
  async firing(): Promise<readonly string[]> {
    const names = (await this.alerts())
      .filter(({ state }) => state === 'firing')
      .map(({ labels }) => labels['alertname']);
    return [...new Set(names.map(String))].toSorted();
  }

  async close(): Promise<void> {
    await this.process.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const body = (await response.json()) as { readonly status: string; readonly error?: string; readonly data: T };
    if (body.status !== 'success') throw new Error(body.error);
    return body.data;
  }
}

type VectorSample = { readonly metric: Labels; readonly value: readonly [number, string] };
type QueryResult = {
  readonly resultType: string;
  readonly result: readonly VectorSample[] | readonly [number, string];
};

function writeTargets(directory: string, pods: readonly ScrapedPod[]): void {
  const groups = pods.map(({ name, address }) => ({ targets: [address], labels: kubernetesLabels(name) }));
  writeFileSync(join(directory, 'pods.json'), JSON.stringify(groups));
}

/** The project's example with what a cluster would give replaced: discovery and the address of Alertmanager. */
function configuration(directory: string, alertmanager: string | undefined): string {
  const config = parse(compressConfig(readText('runbooks/alerts/prometheus.yml'))) as PrometheusConfig;
  const discovery = { file_sd_configs: [{ files: [join(directory, 'pods.json')], refresh_interval: '1s' }] };
  const scrapeConfigs = config.scrape_configs.map(({ kubernetes_sd_configs: _cluster, ...rest }) => {
    return { ...rest, ...discovery };
  });
  const { alerting: _example, ...rest } = config;
  const alerting = { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] };
  return stringify({
    ...rest,
    ...(alertmanager !== undefined && { alerting }),
    rule_files: [join(directory, 'rules.yml')],
    scrape_configs: scrapeConfigs,
  });
}

/** Labels that the relabeling of the scrape configuration reads. */
function kubernetesLabels(pod: string): Labels {
  return {
    __meta_kubernetes_namespace: 'production',
    __meta_kubernetes_pod_name: pod,
    __meta_kubernetes_pod_phase: 'Running',
    __meta_kubernetes_pod_container_port_name: 'ops',
  };
}
