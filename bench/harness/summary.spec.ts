import { describe, expect, it } from 'vitest';
import { costsBetween, rotated, type Sample } from './measure.js';
import { summarise, verdicts } from './summary.js';
import { renderTables } from './table.js';

function sample(change: Partial<Sample>): Sample {
  return {
    system: 'nest',
    scenario: 'get-one',
    round: 0,
    requests: 1000,
    requestsPerSecond: 5000,
    cpuUsPerRequest: 200,
    busy: 0.99,
    loadBusy: 0.5,
    foreign: 0.01,
    upstreamUsPerRequest: 9,
    loadUsPerRequest: 40,
    p50Ms: 6.44,
    p99Ms: 9.99,
    rssBytes: 100_000_000,
    ...change,
  };
}

const nest = [200, 400, 220].map((cpuUsPerRequest, round) => sample({ round, cpuUsPerRequest }));
const gateway = [150, 300, 198].map((cpuUsPerRequest, round) => sample({ system: 'gateway', round, cpuUsPerRequest }));

describe('the summary of a run', () => {
  it('takes medians over the rounds and ratios within them', () => {
    const [, row] = summarise([...nest, ...gateway]);
    expect(row).toMatchObject({ system: 'gateway', cpuUsPerRequest: 198, p50Ms: 6.44 });
    expect(row?.ratio).toEqual({ median: 0.75, min: 0.75, max: 0.9 });
  });

  it('has no ratio without the yardstick', () => {
    expect(summarise(gateway)[0]?.ratio).toBeUndefined();
    expect(verdicts(summarise(gateway))).toEqual([]);
  });

  it('says whether the gateway keeps its promise', () => {
    expect(verdicts(summarise([...nest, ...gateway]))).toEqual([
      'get-one: 0.75 of stock NestJS, target at most 0.8: met',
    ]);
    const list = [sample({ scenario: 'list-50' }), sample({ scenario: 'list-50', system: 'gateway' })];
    expect(verdicts(summarise(list))).toEqual(['list-50: 1.00 of stock NestJS, target at most 0.45: MISSED']);
  });

  it('is a table a scenario, with a star at a system that something else held back', () => {
    const rows = summarise([...nest, ...gateway, sample({ scenario: 'sse', busy: 0.4 })]);
    const lines = renderTables(rows).split('\n');
    expect(lines).toContain('**GET one user**');
    expect(lines.find((line) => line.includes('api-gateway'))).toMatch(
      /^\| api-gateway +\| +198 \| +0\.75 \(0\.75–0\.90\) \| +5000 \| +99 % \| +50 % \| +6\.4 \| +10\.0 \| +100 \|$/,
    );
    expect(lines.at(-1)).toContain('40 % *');
  });
});

describe('a sample', () => {
  it('divides the time of each process by the requests, and blames the rest of the cores on others', () => {
    const zero = { system: 0, upstream: 0, load: 0, everyone: 0 };
    const after = { system: 900_000, upstream: 100_000, load: 400_000, everyone: 1_600_000 };
    const costs = costsBetween(zero, after, { requests: 10_000, seconds: 1, p50Ms: 1, p99Ms: 2 });
    expect(costs).toMatchObject({
      cpuUsPerRequest: 90,
      upstreamUsPerRequest: 10,
      loadUsPerRequest: 40,
      busy: 0.9,
      loadBusy: 0.5,
    });
    expect(costs.foreign).toBeCloseTo(0.1);
  });

  it('is taken in an order that begins one system later each round', () => {
    expect([0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
  });
});
