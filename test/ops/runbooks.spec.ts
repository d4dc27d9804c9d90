import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { GatewayMetrics } from '../../src/observe/metrics.js';
import { findPromtool } from '../support/promtool.js';
import { labelsUsed, metricsUsed, readRules } from './metric-names.js';
import { findFiles, readText, ROOT } from './project-files.js';

const run = promisify(execFile);

const ALERTS_OF_THE_SERVICE = [
  'AuthServiceUnreachable',
  'HighAiServiceErrorRate',
  'HighApiLatency',
  'HighHttp5xxErrorRate',
];
const alerts = readRules().flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));
const pages = findFiles('runbooks/alerts/*.md');

describe('the rules, to promtool', () => {
  const directory = join(ROOT, 'runbooks/alerts');
  let promtool = '';

  beforeAll(() => {
    promtool = findPromtool();
  }, 120_000);

  it('are free of lint', async () => {
    const { stdout } = await run(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yml'], {
      cwd: directory,
    });
    expect(stdout).toContain('SUCCESS');
  });

  it('fire when they must, not before, not on a quiet gateway, and end', async () => {
    const { stdout } = await run(promtool, ['test', 'rules', 'rules.test.yml'], { cwd: directory });
    expect(stdout).toContain('SUCCESS');
  });

  it('are tested one by one', () => {
    const tested = readText('runbooks/alerts/rules.test.yml');
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
    expect(alerts.map((rule) => rule.alert).toSorted()).toEqual(ALERTS_OF_THE_SERVICE);
  });

  it('have a page each, and no page is left without its alert', () => {
    const expected = alerts.map((rule) => `runbooks/alerts/${rule.alert}.md`).toSorted();
    expect(pages).toEqual(expected);
    expect(alerts.map((rule) => rule.annotations?.['runbook_url'] ?? '').toSorted()).toEqual(expected);
  });

  it.each(alerts)('$alert carries the labels that route it', ({ labels, annotations }) => {
    expect([
      { severity: 'page', priority: 'P1', service: 'api-gateway' },
      { severity: 'ticket', priority: 'P2', service: 'api-gateway' },
    ]).toContainEqual(labels);
    expect(annotations?.['summary']).toMatch(/\w/);
  });
});

describe.each(pages)('%s', (path) => {
  const text = readText(path);

  it('has the four sections in order', () => {
    const headings = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual(['Meaning', 'Impact', 'Diagnosis', 'Mitigation']);
  });

  it('says the same of its alert as the rule does', () => {
    const front = parse(text.split('---\n')[1] ?? '') as Record<string, string>;
    const rule = alerts.find((each) => each.alert === basename(path, '.md'));
    expect(front).toEqual({
      alert: rule?.alert,
      severity: rule?.labels?.['severity'],
      priority: rule?.labels?.['priority'],
    });
  });
});

describe('the metrics of rules and runbooks', () => {
  const { registry }: { registry: Registry } = new GatewayMetrics({ inFlight: () => 0, droppedLines: () => 0 });
  collectDefaultMetrics({ register: registry });

  const find = (name: string) => registry.getSingleMetric(name) as { labelNames?: readonly string[] } | undefined;

  it.each(metricsUsed())('%s exists', (name) => {
    expect(find(name)).toBeDefined();
  });

  it.each([...labelsUsed()])('%s is selected by labels that it has', (name, labels) => {
    expect([...(find(name)?.labelNames ?? []), 'job', 'instance']).toEqual(expect.arrayContaining([...labels]));
  });
});
