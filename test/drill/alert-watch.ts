import { readRules } from '../ops/metric-names.js';
import type { ExpectedAlert, Scenario } from './scenarios/scenario.js';
import type { Labels } from './site/prometheus.js';
import type { NotifiedAlert } from './site/receivers.js';
import type { Site } from './site/site.js';
import { until } from './until.js';

const FIRES_WITHIN_MS = 120_000;
const RESOLVES_WITHIN_MS = 120_000;

/** Pages that a machine which is busy with other things brings about by itself: 50 ms are little there. */
const OF_A_BUSY_MACHINE = ['GatewayAuthLatencyHigh'];

/** Looks at a site through the eyes of whoever is alerted. */
export class AlertWatch {
  constructor(
    private readonly site: Site,
    private readonly scenario: Scenario,
  ) {}

  /**
   * Resolves when windows of five minutes are full, and neither a page nor an expected alert fires or is still open at
   * its receiver, who would not be notified of it again.
   */
  async quiet(): Promise<void> {
    const expected = new Set(this.scenario.alerts.filter((each) => !each.isConstant).map(({ alert }) => alert));
    const full = 'min(count_over_time(up{job="api-gateway"}[30s])) > 12';
    await until(
      'nothing fires before the fault',
      async () => {
        if ((await this.site.query(full)).length === 0) return false;
        const firing = (await this.site.prometheus.alerts()).filter(({ state }) => state === 'firing');
        const open = this.site.alerts.receivers.open();
        return ![...firing, ...open].some(({ labels }) => isPage(labels) || expected.has(String(labels['alertname'])));
      },
      { explain: () => this.explain() },
    );
  }

  /** Resolves when an alert has come to its receiver, with everything that a reader needs. */
  async fired(expected: ExpectedAlert, since: number): Promise<void> {
    const alert = await this.notified(expected, 'firing', since, FIRES_WITHIN_MS);
    const { alertname = '' } = alert.labels;
    const rules = readRules().filter((rule) => rule.alert === alertname);
    const rule = rules.find(({ labels = {} }) => contains(alert.labels, labels));
    if (rule === undefined) throw new Error(`no rule has the labels ${JSON.stringify(alert.labels)}`);
    const page = `runbooks/alerts/${alertname}.md`;
    if (alert.annotations['runbook_url'] !== page) throw new Error(`its runbook_url is not ${page}`);
    if (!alert.annotations['summary'] || alert.annotations['summary'].includes('<no value>')) {
      throw new Error(`its summary is "${alert.annotations['summary']}"`);
    }
  }

  async resolved(expected: ExpectedAlert, since: number): Promise<void> {
    await this.notified(expected, 'resolved', since, RESOLVES_WITHIN_MS);
  }

  /** Resolves when an alert fires and Alertmanager holds it back. */
  async silenced(name: string): Promise<void> {
    await until(
      `${name} fires and is held back`,
      async () => {
        const held = await this.site.alerts.alertmanager.alerts();
        return held.some(({ labels, status }) => labels['alertname'] === name && status.inhibitedBy.length > 0);
      },
      { timeoutMs: FIRES_WITHIN_MS, explain: () => this.explain() },
    );
  }

  /** Resolves when no page fires, so that whatever an ended fault could bring about has come. */
  async calm(): Promise<void> {
    await until(
      'no page fires any longer',
      async () => !(await this.site.prometheus.alerts()).some(({ labels }) => isPage(labels)),
      { timeoutMs: RESOLVES_WITHIN_MS, explain: () => this.explain() },
    );
  }

  /** Pages since a moment that are neither expected nor companions of the fault. */
  otherPages(since: number): readonly string[] {
    const { alerts, companions = {} } = this.scenario;
    const known = new Set([...alerts.map(({ alert }) => alert), ...Object.keys(companions), ...OF_A_BUSY_MACHINE]);
    const pages = this.site.alerts.receivers.notifications
      .filter(({ receiver, at }) => receiver.startsWith('pagerduty') && at >= since)
      .flatMap(({ receiver, alerts: sent }) =>
        sent
          .filter(({ status }) => status === 'firing')
          .map(({ labels }) => ({ receiver, name: labels['alertname'] ?? '' })),
      );
    return [
      ...new Set(pages.filter(({ name }) => !known.has(name)).map(({ receiver, name }) => `${name} at ${receiver}`)),
    ];
  }

  private notified(
    { alert, receiver, labels = {} }: ExpectedAlert,
    status: NotifiedAlert['status'],
    since: number,
    timeoutMs: number,
  ): Promise<NotifiedAlert> {
    const wanted = { alertname: alert, ...labels };
    return until(
      `${alert} ${JSON.stringify(labels)} is ${status} at ${receiver}`,
      () => this.site.alerts.receivers.sent(receiver, status, since).find((sent) => contains(sent.labels, wanted)),
      { timeoutMs, explain: () => this.explain() },
    );
  }

  private explain(): string {
    const { notifications } = this.site.alerts.receivers;
    const told = notifications
      .filter(({ receiver }) => receiver !== 'dead-mans-switch')
      .flatMap(({ receiver, alerts }) =>
        alerts.map((each) => `${receiver}: ${each.status} ${each.labels['alertname']}`),
      );
    return `\n  notified so far: ${[...new Set(told)].join(', ') || 'nobody'}`;
  }
}

function isPage({ severity, alertname = '' }: Labels): boolean {
  return severity === 'page' && !OF_A_BUSY_MACHINE.includes(alertname);
}

function contains(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
