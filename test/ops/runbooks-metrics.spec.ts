import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { GatewayMetrics } from '../../src/observe/metrics.js';
import { readText } from './project-files.js';
import { documents, increasesOf, labelsUsed, metricsUsed, readRules } from './metric-names.js';

/** Enables the features that have metrics only when they are on. The collector is never there, and nothing waits for it. */
const EVERYTHING_ON = { ENABLE_TRACING: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };

let gateway: TestGateway;
let metrics: GatewayMetrics;
/** Output of `/metrics` before any other request. */
let firstScrape: readonly string[];

beforeAll(async () => {
  gateway = await startTestGateway({ env: EVERYTHING_ON });
  metrics = gateway.gateway.app.get(GatewayMetrics);
  firstScrape = (await (await fetch(`${gateway.url}/metrics`)).text()).split('\n');
});
afterAll(() => gateway.close());

const families = () => firstScrape.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
/** Values of the series of a metric that have all of these labels, as they are written. */
const values = (metric: string, labels: readonly string[]) =>
  firstScrape
    .filter((line) => /^[^{ ]+/.exec(line)?.[0] === metric && labels.every((label) => fits(line, label)))
    .map((line) => Number(line.slice(line.lastIndexOf(' '))));

/** Returns true if a series satisfies a label matcher: `reason="a"`, `reason=~"a.*"` or `reason!~"a|b"`. */
function fits(line: string, matcher: string): boolean {
  const [, name = '', operator = '', wanted = ''] = /^(\w+)(=~?|!~)"(.*)"$/.exec(matcher) ?? [];
  const value = new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
  const matches = operator === '=' ? value === wanted : new RegExp(`^(?:${wanted})$`).test(value);
  return operator === '!~' ? !matches : matches;
}

describe('the metrics of rules, runbooks and documents', () => {
  it.each(metricsUsed())('%s exists', (name) => {
    expect(families()).toContain(name);
  });

  it.each([...labelsUsed()])('%s is selected by labels that it has', (name, labels) => {
    const known = metrics.registry.getSingleMetric(name) as { labelNames?: readonly string[] } | undefined;
    expect([...(known?.labelNames ?? []), 'job', 'instance']).toEqual(expect.arrayContaining([...labels]));
  });

  it('are all of the gateway’s own, each for some use: the list of all metrics is none', () => {
    const texts = documents()
      .filter((text) => !text.includes('# Metrics\n'))
      .join('\n');
    const aliases = firstScrape.flatMap((line) => /^# HELP (\S+) Alias of/.exec(line)?.[1] ?? []);
    const own = families().filter((name) => !/^(nodejs|process)_/.test(name) && !aliases.includes(name));
    expect(own.filter((name) => !new RegExp(`\\b${name}(_bucket|_sum|_count)?\\b`).test(texts))).toEqual([]);
  });
});

describe('the page of GatewayDegraded', () => {
  it('has a row for every component', () => {
    const rows = readText('runbooks/alerts/GatewayDegraded.md');
    const components = firstScrape.flatMap((line) => /^gateway_degraded\{component="(\w+)"/.exec(line)?.[1] ?? []);
    expect(components.length).toBeGreaterThan(5);
    for (const component of [...components, 'redis', 'revocation']) expect(rows).toContain(`| \`${component}\` `);
  });
});

describe('what a rule takes an increase of', () => {
  it.each(increasesOf(readRules()))('%s{%s} is there from the start, at 0', (metric, matchers) => {
    const labels = matchers.split(',').filter((matcher) => matcher !== '');
    const found = values(metric, labels);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((value) => value === 0)).toBe(true);
  });

  it.each(['auth', 'user', 'tenant', 'ai'])('is there for the upstream %s', (upstream) => {
    const label = `upstream="${upstream}"`;
    expect(values('gateway_circuit_transitions_total', [label, 'to="open"'])).toEqual([0]);
    const reasons = ['refused', 'timeout', 'dns', 'tls', 'reset', 'goaway', 'other'];
    for (const reason of reasons) {
      expect(values('upstream_grpc_connection_failures_total', [label, `reason="${reason}"`])).toEqual([0]);
    }
  });

  it.each(['ip', 'tenant', 'user', 'route'])('is there for the scope %s', (scope) => {
    expect(values('rate_limit_requests_total', [`scope="${scope}"`, 'outcome="denied"'])).toEqual([0]);
  });
});
