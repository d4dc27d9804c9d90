import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { findPrometheusTool } from '../support/debian-tools.js';
import { type AlertLabels, withoutInhibited } from './inhibition.js';
import { readRules } from './metric-names.js';
import { readText, readYaml, ROOT } from './project-files.js';

const run = promisify(execFile);
const PATH = 'runbooks/alerts/alertmanager.yml';
/** Receivers by severity and failure domain; all other alerts go to the gateway's team. */
const RECEIVERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  page: {
    auth: 'pagerduty-auth-oncall',
    upstream: 'pagerduty-backends-oncall',
    overload: 'pagerduty-apigateway-oncall',
    gateway: 'pagerduty-apigateway-oncall',
  },
  ticket: {
    auth: 'slack-auth',
    upstream: 'slack-backends',
    client: 'slack-api-clients',
    overload: 'slack-infra-oncall',
    gateway: 'slack-infra-oncall',
  },
  none: { '': 'dead-mans-switch' },
};
/** Alerts that faults set off together, and the pages and tickets that people get for it. */
const OUTAGES: Readonly<
  Record<string, { firing: readonly string[]; page: readonly string[]; tickets: readonly string[] }>
> = {
  'AuthService away': {
    firing: [
      'AuthServiceUnreachable upstream=auth',
      'HighHttp5xxErrorRate',
      'HighApiLatency',
      'GatewayErrorBudgetBurn long=1h',
      'GatewayErrorBudgetBurn long=6h',
      'GatewayErrorBudgetBurn long=1d',
      'GatewayElevatedErrorRate',
      'GatewayLatencyAboveBaseline',
      'GatewayAuthLatencyHigh',
      'GatewayAuthCacheHardEvict reason=hard_cap_exceeded',
      'GatewaySsoLoginFailures provider=main',
      'GatewayCircuitOpen upstream=auth',
      'GatewayCircuitStuckOpen upstream=auth',
      'GatewayUpstreamConnectionFailures upstream=auth',
      'GatewayDegraded component=auth',
      'GatewayDegraded component=auth_cache',
    ],
    page: ['AuthServiceUnreachable'],
    tickets: [],
  },
  'no pod of the gateway': {
    firing: [
      'GatewayDown',
      'HighHttp5xxErrorRate',
      'AuthServiceUnreachable upstream=auth',
      'GatewayErrorBudgetBurn long=1h',
      'GatewayStuckDrain instance=a',
    ],
    page: ['GatewayDown'],
    tickets: [],
  },
  'a rollout with a bug': {
    firing: [
      'HighHttp5xxErrorRate',
      'GatewayErrorBudgetBurn long=1h',
      'GatewayErrorBudgetBurn long=6h',
      'GatewayErrorBudgetBurn long=1d',
      'GatewayElevatedErrorRate',
    ],
    page: ['HighHttp5xxErrorRate'],
    tickets: [],
  },
  'errors on a few routes': {
    firing: [
      'GatewayErrorBudgetBurn long=1h',
      'GatewayErrorBudgetBurn long=6h',
      'GatewayErrorBudgetBurn long=3d',
      'GatewayElevatedErrorRate',
    ],
    page: ['GatewayErrorBudgetBurn'],
    tickets: [],
  },
  'UserService away': {
    firing: [
      'GatewayCircuitOpen upstream=user',
      'GatewayUpstreamConnectionFailures upstream=user',
      'GatewayDegraded component=user',
      'GatewayElevatedErrorRate',
    ],
    page: [],
    tickets: ['GatewayCircuitOpen', 'GatewayDegraded', 'GatewayElevatedErrorRate', 'GatewayUpstreamConnectionFailures'],
  },
  'UserService fails every call and passes its health check': {
    firing: [
      'HighHttp5xxErrorRate',
      'GatewayErrorBudgetBurn long=1h',
      'GatewayElevatedErrorRate',
      'GatewayCircuitOpen upstream=user',
      'GatewayCircuitStuckOpen upstream=user',
    ],
    page: ['HighHttp5xxErrorRate'],
    tickets: [],
  },
  'AIService fails beside UserService': {
    firing: ['HighHttp5xxErrorRate', 'GatewayCircuitStuckOpen upstream=user', 'GatewayCircuitStuckOpen upstream=ai'],
    page: ['HighHttp5xxErrorRate', 'GatewayCircuitStuckOpen'],
    tickets: [],
  },
  'a fault beside AuthService': {
    firing: [
      'AuthServiceUnreachable upstream=auth',
      'GatewayBudgetDebitRejected',
      'GatewayCircuitOpen upstream=tenant',
      'GatewayCircuitOpen upstream=auth',
    ],
    page: ['AuthServiceUnreachable', 'GatewayBudgetDebitRejected'],
    tickets: ['GatewayCircuitOpen'],
  },
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

  it.each(alerts)(
    'sends $alert ($labels.severity, $labels.failure_domain) to whoever must know',
    async ({ alert, labels }) => {
      const receiver = RECEIVERS[labels['severity'] ?? '']?.[labels['failure_domain'] ?? ''];
      expect(receiver).toBeDefined();
      const args = ['config', 'routes', 'test', `--config.file=${join(ROOT, PATH)}`, `--verify.receivers=${receiver}`];
      const pairs = Object.entries({ ...labels, alertname: alert }).map(([name, value]) => `${name}=${value}`);
      expect((await run(amtool, [...args, ...pairs])).stdout.trim()).toBe(receiver);
    },
  );

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

  it.each(Object.entries(OUTAGES))('is one page a fault, to one team: %s', (_fault, { firing, page, tickets }) => {
    const left = withoutInhibited(firing.map(fired));
    const of = (severity: string): string[] =>
      left.flatMap((labels) => (labels['severity'] === severity ? [labels['alertname'] ?? ''] : []));
    expect(of('page')).toEqual(page);
    expect(of('ticket').toSorted()).toEqual(tickets);
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

/** `GatewayCircuitOpen upstream=auth` with the labels of its rule. */
function fired(text: string): AlertLabels {
  const [alertname = '', ...pairs] = text.split(' ');
  const own = Object.fromEntries(pairs.map((pair) => pair.split('=')));
  const rules = alerts.filter(({ alert }) => alert === alertname);
  const rule = rules.find(({ labels }) => labels['long'] === own['long']) ?? rules[0];
  if (rule === undefined) throw new Error(`there is no alert ${alertname}`);
  return { alertname, ...rule.labels, ...own };
}
