import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsSchema } from '../../config/schema.js';
import { ACCESS_FIELD_GUIDE } from '../../observe/access-field-guide.js';
import { ACCESS_FIELDS } from '../../observe/access-fields.js';
import { ERROR_CODES } from '../../domain/errors.js';
import { chartFiles } from './chart.js';
import { configurationPage } from './configuration-page.js';
import { dashboardFiles } from './dashboards/dashboard-files.js';
import { errorsPage } from './errors-page.js';
import { logPage } from './log-page.js';
import { metricsPage } from './metrics-page.js';
import { prometheusRules } from './prometheus-rule.js';
import { podMonitor, prometheusConfig, serviceMonitorFiles } from './scraping.js';

const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');

test('docs/configuration.md is what the schema says; if not, run `npx gateway docs`', () => {
  expect(read('docs/configuration.md')).toBe(configurationPage());
});

test('docs/errors.md is what the list of codes says; if not, run `npx gateway docs`', () => {
  expect(read('docs/errors.md')).toBe(errorsPage());
});

test('docs/log.md is what the fields say; if not, run `npx gateway docs`', () => {
  expect(read('docs/log.md')).toBe(logPage());
});

test('every field of the line of a request is explained, and nothing else', () => {
  expect(Object.keys(ACCESS_FIELD_GUIDE)).toEqual(ACCESS_FIELDS.map(([name]) => name));
});

test('docs/metrics.md is what the definitions say; if not, run `npx gateway docs`', () => {
  expect(read('docs/metrics.md')).toBe(metricsPage());
});

test.each([...prometheusRules()])('%s is what the rules say; if not, run `npx gateway docs`', (path, text) => {
  expect(read(path)).toBe(text);
});

test.each([
  ['k8s/pod-monitor.yaml', podMonitor],
  ['runbooks/alerts/prometheus.yml', prometheusConfig],
])('%s scrapes what the rules select; if not, run `npx gateway docs`', (path, render) => {
  expect(read(path)).toBe(render());
});

test.each([...chartFiles()])('%s is what the manifests say; if not, run `npx gateway docs`', (path, text) => {
  expect(read(path)).toBe(text);
});

test.each([...serviceMonitorFiles()])(
  '%s scrapes what the rules select; if not, run `npx gateway docs`',
  (path, text) => {
    expect(read(path)).toBe(text);
  },
);

test.each([...dashboardFiles()])('%s is what the panels say; if not, run `npx gateway docs`', (path, text) => {
  expect(read(path)).toBe(text);
});

test('every setting has one row and every error code the anchor that problems link to', () => {
  const rows = configurationPage().split('\n');
  for (const name of Object.keys(settingsSchema.shape)) {
    expect(rows.filter((row) => row.startsWith(`| \`${name}\` |`))).toHaveLength(1);
  }
  for (const code of Object.keys(ERROR_CODES)) expect(errorsPage()).toContain(`<a id="${code}"></a>`);
});

test('the documents name no setting that does not exist', () => {
  const families =
    /^GATEWAY_(AUTH|USER|TENANT|AI|GUARDRAIL)_(TIMEOUT|MAX_CONCURRENT)$|^GATEWAY_(GRPC_TLS_|SSO_)?$|^GATEWAY_DESCRIPTORS$/;
  const names = `${configurationPage()}${errorsPage()}`.match(/\bGATEWAY_[A-Z0-9_]*/g) ?? [];
  const unknown = names.filter((name) => !(name in settingsSchema.shape) && !families.test(name));
  expect(unknown).toEqual([]);
});
