import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { findPrometheusTool } from '../support/prometheus-tools.js';
import { readRules } from './metric-names.js';
import { readText, readYaml, ROOT } from './project-files.js';

const run = promisify(execFile);
const PATH = 'runbooks/alerts/alertmanager.yml';
const RECEIVERS: Readonly<Record<string, string>> = {
  page: 'pagerduty-apigateway-oncall',
  ticket: 'slack-infra-oncall',
  none: 'dead-mans-switch',
};

interface Inhibition {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
}

const alerts = readRules().flatMap(({ alert, labels = {} }) => (alert === undefined ? [] : [{ alert, labels }]));
const { inhibit_rules: inhibitions } = readYaml<{ inhibit_rules: readonly Inhibition[] }>(PATH);

/** Alerts that a list of matchers names, or all but those that it excludes. */
function named(matchers: readonly string[]): string[] {
  return matchers.flatMap((matcher) => {
    const [, operator, value = ''] = /^alertname(=~?|!~)"([^"]+)"$/.exec(matcher) ?? [];
    if (operator !== '!~') return operator === undefined ? [] : value.split('|');
    return alerts.map(({ alert }) => alert).filter((alert) => !value.split('|').includes(alert));
  });
}

describe('the example of an Alertmanager', () => {
  let amtool = '';

  beforeAll(() => {
    amtool = findPrometheusTool('amtool');
  }, 120_000);

  it('is one that Alertmanager takes', async () => {
    const { stdout } = await run(amtool, ['check-config', join(ROOT, PATH)]);
    expect(stdout).toContain('SUCCESS');
  });

  it.each(alerts)('sends $alert ($labels.severity) to whoever must know', async ({ alert, labels }) => {
    const receiver = RECEIVERS[labels['severity'] ?? ''];
    const args = ['config', 'routes', 'test', `--config.file=${join(ROOT, PATH)}`, `--verify.receivers=${receiver}`];
    const pairs = Object.entries({ ...labels, alertname: alert }).map(([name, value]) => `${name}=${value}`);
    expect((await run(amtool, [...args, ...pairs])).stdout.trim()).toBe(receiver);
  });

  it('has messages that can be written', async () => {
    const templates = [...readText(PATH).matchAll(/'([^']*\{\{[^']*)'/g)].map((match) => match[1] ?? '');
    expect(templates).toHaveLength(4);
    for (const text of templates) {
      await run(amtool, ['template', 'render', '--template.glob=/dev/null', `--template.text=${text}`]);
    }
  });

  it('pages once while no pod answers, and never silences the watchdog', () => {
    const down = inhibitions.filter(({ source_matchers: sources }) => named(sources).includes('GatewayDown'));
    const silenced = down.flatMap(({ target_matchers: targets }) => named(targets));
    const others = alerts.map(({ alert }) => alert).filter((alert) => !/^(GatewayDown|Watchdog)$/.test(alert));
    expect(silenced).toEqual(others);
  });

  it('silences only alerts that exist, by alerts that page', () => {
    const names = alerts.map(({ alert }) => alert);
    const pages = alerts.filter(({ labels }) => labels['severity'] === 'page').map(({ alert }) => alert);
    for (const { source_matchers: sources, target_matchers: targets } of inhibitions) {
      expect(pages).toEqual(expect.arrayContaining(named(sources)));
      expect(named(targets).length).toBeGreaterThan(0);
      expect(names).toEqual(expect.arrayContaining(named(targets)));
    }
  });
});
