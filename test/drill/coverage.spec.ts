import { describe, expect, it } from 'vitest';
import { readRules } from '../ops/metric-names.js';
import { SCENARIOS } from './scenarios/index.js';
import { COVERED_BY_UNIT_TESTS } from './scenarios/unit-tested.js';

/** Alerts by name; where rules share one, they are told apart by their window or severity. */
const alerts = readRules()
  .filter(({ alert }) => alert !== undefined)
  .map(({ alert, labels = {} }) => ({ alert, ...labels }) as Readonly<Record<string, string | undefined>>);
const drilled = SCENARIOS.flatMap(({ alerts: expected }) => expected);

describe('the scenarios', () => {
  it.each(alerts)('raise $alert $long $severity, or say why not', ({ alert, ...labels }) => {
    const raises = drilled.filter((expected) => {
      const given = Object.entries(expected.labels ?? {}).filter(([name]) => labels[name] !== undefined);
      return expected.alert === alert && given.every(([name, value]) => labels[name] === value);
    });
    const excuses = [alert, `${alert} long=${labels['long']}`].filter((name) => COVERED_BY_UNIT_TESTS[name ?? '']);
    expect([raises.length > 0, excuses.length > 0]).toEqual([excuses.length === 0, raises.length === 0]);
  });

  it('expect alerts that exist, and are named once', () => {
    const names = new Set(alerts.map(({ alert }) => alert));
    const all = SCENARIOS.flatMap(({ alerts: expected, silenced = [], companions = {} }) => {
      return [...expected.map(({ alert }) => alert), ...silenced, ...Object.keys(companions)];
    });
    expect(all.filter((name) => !names.has(name))).toEqual([]);
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  });

  it('excuse alerts that exist', () => {
    const rules = alerts.flatMap(({ alert, long }) => [alert, `${alert} long=${long}`]);
    expect(Object.keys(COVERED_BY_UNIT_TESTS).filter((name) => !rules.includes(name))).toEqual([]);
  });
});
