import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../src/config/environment.js';
import { findPrometheusTool } from '../support/debian-tools.js';
import { readDashboards } from './dashboards.js';
import { readRules } from './metric-names.js';
import { readYaml, ROOT } from './project-files.js';

const run = promisify(execFile);

interface Service {
  readonly profiles?: readonly string[];
  readonly image?: string;
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly extra_hosts?: readonly string[];
}

interface Datasource {
  readonly uid: string;
  readonly url: string;
  readonly jsonData?: {
    readonly timeInterval: string;
    readonly exemplarTraceIdDestinations: readonly { readonly datasourceUid: string }[];
  };
}

interface PrometheusConfig {
  readonly global: { readonly scrape_interval: string };
  readonly alerting: { readonly alertmanagers: readonly Scraped[] };
  readonly scrape_configs: readonly (Scraped & { readonly job_name: string })[];
}

interface Scraped {
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}

const { services } = readYaml<{ services: Readonly<Record<string, Service>> }>('docker-compose.yml');
const OBSERVERS = Object.entries(services).filter(([, { profiles = [] }]) => profiles.includes('obs'));
const prometheus = readYaml<PrometheusConfig>('observability/prometheus.yml');
const { datasources } = readYaml<{ datasources: readonly Datasource[] }>('observability/grafana/datasources.yml');
const directory = mkdtempSync(join(tmpdir(), 'observability-'));

afterAll(() => rmSync(directory, { recursive: true }));

/** Files and folders that a service sees, by their path in its container. */
function mounts(name: string): ReadonlyMap<string, string> {
  const volumes = services[name]?.volumes ?? [];
  return new Map(
    volumes.map((volume) => {
      const [source = '', target = '', mode] = volume.split(':');
      expect([volume, mode]).toEqual([volume, 'ro']);
      return [target, join(ROOT, source)] as const;
    }),
  );
}

/** The ports inside of the containers that a service publishes. */
function ports(name: string): string[] {
  return (services[name]?.ports ?? []).map((port) => port.split(':')[2] ?? '');
}

describe('the profile obs', () => {
  it('has Prometheus, Alertmanager, Grafana and Jaeger', () => {
    expect(OBSERVERS.map(([name]) => name)).toEqual(['prometheus', 'alertmanager', 'grafana', 'jaeger']);
  });

  it.each(OBSERVERS)('%s is an image of one version, by its digest', (_, { image }) => {
    expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$/);
  });

  it.each(OBSERVERS)('%s mounts what exists, for reading', (name) => {
    for (const source of mounts(name).values()) expect([source, existsSync(source)]).toEqual([source, true]);
  });

  it('publishes each port once, to this machine only', () => {
    const published = Object.values(services).flatMap((service) => service.ports ?? []);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    const outside = published.map((port) => port.split(':')[1]);
    expect(new Set(outside).size).toBe(outside.length);
    expect(outside).not.toContain('3000');
  });

  it('gives the gateway a collector that is there', () => {
    const { environment = {} } = services['api-gateway'] ?? {};
    const settings = Object.entries(environment).map(
      ([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')] as const,
    );
    const { tracing } = parseEnvironment({ ...Object.fromEntries(settings), ENABLE_TRACING: 'true' });
    const { hostname, port } = new URL(tracing?.endpoint ?? '');
    expect([hostname, ports('jaeger').includes(port)]).toEqual(['jaeger', true]);
  });
});

describe('Prometheus', () => {
  it('takes its configuration, with the rules', async () => {
    for (const [target, source] of mounts('prometheus')) cpSync(source, join(directory, target), { recursive: true });
    const [config = ''] =
      services['prometheus']?.command?.flatMap((flag) => flag.split('--config.file=')[1] ?? []) ?? [];
    const { stdout } = await run(findPrometheusTool('promtool'), ['check', 'config', join(directory, config)]);
    expect(stdout).toContain(`SUCCESS: ${join(directory, config)} is valid`);
    expect(stdout).toMatch(/SUCCESS: \d{2,} rules found/);
  });

  it('scrapes the gateway under the job that the rules select, and tells Alertmanager', () => {
    const port = services['api-gateway']?.environment?.['API_GATEWAY_PORT'];
    const [scrape] = prometheus.scrape_configs;
    expect(scrape?.static_configs).toEqual([{ targets: [`api-gateway:${port}`] }]);
    const jobs = readRules().flatMap(({ expr }) => Array.from(expr.matchAll(/\bjob="([^"]*)"/g), ([, job]) => job));
    expect([...new Set(jobs)]).toEqual([scrape?.job_name]);
    const [alertmanager] = prometheus.alerting.alertmanagers;
    expect(alertmanager?.static_configs).toEqual([{ targets: [`alertmanager:${ports('alertmanager')[0]}`] }]);
  });
});

describe('Alertmanager', () => {
  it('has the routes of the example, and reaches nobody outside', () => {
    expect([...mounts('alertmanager').values()]).toEqual([join(ROOT, 'runbooks/alerts/alertmanager.yml')]);
    const { receivers } = readYaml<{ receivers: readonly { webhook_configs?: readonly { url: string }[] }[] }>(
      'runbooks/alerts/alertmanager.yml',
    );
    const hosts = receivers.flatMap(({ webhook_configs: hooks = [] }) => hooks.map(({ url }) => new URL(url).hostname));
    expect(services['alertmanager']?.extra_hosts).toEqual(hosts.map((host) => `${host}:127.0.0.1`));
  });
});

describe('Grafana', () => {
  it('finds its datasources at services of the same file', () => {
    for (const { url } of datasources) {
      const { hostname, port } = new URL(url);
      expect([url, ports(hostname).includes(port)]).toEqual([url, true]);
    }
  });

  it('knows how often Prometheus scrapes, and where the traces of exemplars are', () => {
    const [metrics] = datasources;
    expect(metrics?.jsonData?.timeInterval).toBe(prometheus.global.scrape_interval);
    const destinations = metrics?.jsonData?.exemplarTraceIdDestinations.map(({ datasourceUid }) => datasourceUid);
    expect(datasources.map(({ uid }) => uid)).toEqual(expect.arrayContaining(destinations ?? []));
  });

  it('reads the dashboards from where they are mounted, and begins with that of the service', () => {
    const { providers } = readYaml<{ providers: readonly { options: { path: string } }[] }>(
      'observability/grafana/dashboards.yml',
    );
    const folder = providers[0]?.options.path ?? '';
    expect(mounts('grafana').get(folder)).toBe(join(ROOT, 'kustomize/components/dashboards'));
    const home = services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'];
    expect(Array.from(readDashboards().keys(), (path) => path.replace(/^.*\//, `${folder}/`))).toContain(home);
  });

  it('is not to be signed in to with a password that everybody knows', () => {
    expect(services['grafana']?.environment).toMatchObject({
      GF_AUTH_BASIC_ENABLED: 'false',
      GF_AUTH_DISABLE_LOGIN_FORM: 'true',
    });
  });
});
