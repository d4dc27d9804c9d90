import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { FailureDomain } from '../../src/domain/errors.js';
import { findPrometheusTool } from '../support/debian-tools.js';
import { readRules, RULE_FILES } from './metric-names.js';
import { findFiles, readText, ROOT } from './project-files.js';

const run = promisify(execFile);

const ALERTS_OF_THE_SERVICE = [
  'AuthServiceUnreachable',
  'GatewayActiveResourcesGrowing',
  'GatewayAdminListenerRestarting',
  'GatewayAuthCacheHardEvict',
  'GatewayAuthLatencyHigh',
  'GatewayBudgetDebitDropped',
  'GatewayBudgetDebitFlushFailing',
  'GatewayBudgetDebitJournalFailing',
  'GatewayBudgetDebitOutboxFilling',
  'GatewayBudgetDebitRejected',
  'GatewayCertificateExpiring',
  'GatewayCircuitOpen',
  'GatewayCircuitStuckOpen',
  'GatewayClockSkew',
  'GatewayContractDrift',
  'GatewayDegraded',
  'GatewayDown',
  'GatewayElevatedErrorRate',
  'GatewayErrorBudgetBurn',
  'GatewayEventLoopBlocked',
  'GatewayGcPressure',
  'GatewayGuardrailFailing',
  'GatewayHeapNearLimit',
  'GatewayHighMemory',
  'GatewayHpaMaxedOut',
  'GatewayJwksStale',
  'GatewayLatencyAboveBaseline',
  'GatewayLoadShedding',
  'GatewayPodRestarting',
  'GatewayRateLimitDenialSpike',
  'GatewayRateLimiterGrowth',
  'GatewayReadinessFlapping',
  'GatewayReloadFailing',
  'GatewayReplicasUnavailable',
  'GatewayScrapeTooBig',
  'GatewaySsoLoginFailures',
  'GatewayStuckDrain',
  'GatewayTraceSpansLost',
  'GatewayUpstreamConnectionFailures',
  'HighAiServiceErrorRate',
  'HighApiLatency',
  'HighHttp5xxErrorRate',
  'Watchdog',
];
const alerts = readRules().flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));
/** One name may have two rules: a ticket, and a page when it gets worse. */
const names = [...new Set(alerts.map((rule) => rule.alert))].toSorted();
const pages = findFiles('runbooks/alerts/*.md');
/** By how often they evaluate the rules: the short ones in steps of seconds, those over days in steps of minutes. */
const tests = findFiles('runbooks/alerts/*.test.yml');
const FAILURE_DOMAINS: readonly FailureDomain[] = ['client', 'auth', 'upstream', 'overload', 'gateway'];

describe('the rules, to promtool', () => {
  let promtool = '';

  beforeAll(() => {
    promtool = findPrometheusTool('promtool');
  }, 120_000);

  it.each(RULE_FILES)('are free of lint: %s', async (path) => {
    const { stdout } = await run(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', join(ROOT, path)]);
    expect(stdout).toContain('SUCCESS');
  });

  it.concurrent.each(tests)(
    'fire when they must, not before, not on a quiet gateway, and end: %s',
    async (path) => {
      const { stdout } = await run(promtool, ['test', 'rules', join(ROOT, path)]);
      expect(stdout).toContain('SUCCESS');
    },
    120_000,
  );

  it('are tested one by one', () => {
    const tested = tests.map(readText).join('\n');
    for (const { alert } of alerts) expect(tested).toContain(`alertname: ${alert}`);
  });

  it('share their language with every query of a runbook', async () => {
    const queries = findFiles('runbooks/**/*.md').flatMap((path) =>
      [...readText(path).matchAll(/```promql\n([\s\S]*?)```/g)].map((match) => match[1] ?? ''),
    );
    const rules = queries.map((expr, index) => ({ record: `query_${index}`, expr }));
    const scratch = mkdtempSync(join(tmpdir(), 'queries-'));
    writeFileSync(join(scratch, 'queries.yml'), stringify({ groups: [{ name: 'queries', rules }] }));
    const { stdout } = await run(promtool, ['check', 'rules', join(scratch, 'queries.yml')]);
    rmSync(scratch, { recursive: true });
    expect(stdout).toContain(`SUCCESS: ${queries.length} rules found`);
  });
});

describe('the alerts', () => {
  it('are those of the service runbook', () => {
    expect(names).toEqual(ALERTS_OF_THE_SERVICE);
    const table = readText('runbooks/runbook-api-gateway.md');
    for (const name of names) expect(table).toContain(`[${name}](alerts/${name}.md)`);
  });

  it('have a page each, and no page is left without its alert', () => {
    expect(pages).toEqual(names.map((name) => `runbooks/alerts/${name}.md`));
    for (const { alert, annotations } of alerts) {
      expect(annotations?.['runbook_url']).toBe(`runbooks/alerts/${alert}.md`);
    }
  });

  it.each(alerts)('$alert carries the labels that route it', ({ alert, labels, annotations }) => {
    const { failure_domain: domain, long: _long, short: _short, ...others } = labels ?? {};
    expect([
      { severity: 'page', priority: 'P1', service: 'api-gateway' },
      { severity: 'ticket', priority: 'P2', service: 'api-gateway' },
      { severity: 'none', service: 'api-gateway' },
    ]).toContainEqual(others);
    expect([...FAILURE_DOMAINS, ...(alert === 'Watchdog' ? [undefined] : [])]).toContain(domain);
    expect(annotations?.['summary']).toMatch(/\w/);
  });
});

it('the runbook of the service names its owner, and who is called when nobody answers', () => {
  const table = readText('runbooks/runbook-api-gateway.md');
  expect(table).toMatch(/^\| owner +\| .*#[\w-]+/m);
  expect(table).toMatch(/^\| on call +\| .*unacknowledged for \d+ minutes: \S/m);
});

describe.each(pages)('%s', (path) => {
  const text = readText(path);

  it('has the four sections in order', () => {
    const headings = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual(['Meaning', 'Impact', 'Diagnosis', 'Mitigation']);
  });

  it('says the same of its alert as the rule does', () => {
    const { scenario: _, ...front } = parse(text.split('---\n')[1] ?? '') as Record<string, string | string[]>;
    const rules = alerts.filter((each) => each.alert === basename(path, '.md'));
    const expected = { severity: label(rules, 'severity'), priority: label(rules, 'priority') };
    const domain = rules[0]?.labels?.['failure_domain'];
    expect(front).toEqual({ alert: basename(path, '.md'), ...expected, ...(domain && { failure_domain: domain }) });
  });
});

/** Returns the values of this label in an alert's rules: one value, or a list in the order of the rules. */
function label(rules: typeof alerts, name: string): string | undefined | (string | undefined)[] {
  const values = rules.map((rule) => rule.labels?.[name]);
  return values.length === 1 ? values[0] : values;
}
