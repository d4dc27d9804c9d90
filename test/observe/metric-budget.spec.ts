import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Contract } from '../../src/contract/contract.js';
import { CallContext } from '../../src/domain/call-context.js';
import { DECISION_REASONS } from '../../src/domain/decision-reason.js';
import { ERROR_CODES, GatewayError, type GatewayErrorCode } from '../../src/domain/errors.js';
import { GRPC_CODES } from '../../src/grpc/grpc-code.js';
import { AccessLog } from '../../src/observe/access-log.js';
import type { HttpFacts } from '../../src/observe/http-facts.js';
import { textExposition } from '../../src/observe/exposition.js';
import { GatewayMetrics } from '../../src/observe/metrics.js';
import { featuresOf } from '../../src/startup-checks.js';
import { staticRoutes } from '../../src/static-routes.js';
import { GATEWAY_CONFIG } from '../../src/config/config.token.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { findPrometheusTool } from '../support/debian-tools.js';

const ARTIFACTS = join(import.meta.dirname, '../../test-artifacts');
const VERBS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'BREW'];
/** With every outcome on every route, which no instance comes near: the sandbox has about 1,200 after a day of use. */
const MAX_SERIES = 7_500;
/** Outcomes of requests to the gateway's own routes, which call no upstream. */
const OWN_REFUSALS: GatewayErrorCode[] = [
  'INVALID_ARGUMENT',
  'UNAUTHENTICATED',
  'RATE_LIMITED',
  'CLIENT_CLOSED',
  'OVERLOADED',
];
/** The only findings of promtool that are allowed: default metrics of prom-client, whose names are not the gateway's to choose. */
const ALLOWED_FINDINGS = ['handles', 'requests', 'resources'].map(
  (kind) => `nodejs_active_${kind}_total non-counter metrics should not have "_total" suffix`,
);

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { LOG_LEVEL: 'silent' } });
  fillEverySeries(gateway);
});
afterAll(() => gateway.close());

const scrape = async () => (await fetch(`${gateway.url}/metrics`)).text();

/** Requests and calls with every outcome that their route or RPC can have, whoever sends them. */
function fillEverySeries({ gateway: { app } }: TestGateway): void {
  const metrics = app.get(GatewayMetrics);
  const { routes } = app.get(Contract);
  const own = staticRoutes(featuresOf(app.get(GATEWAY_CONFIG), []));
  const log = app.get(AccessLog);
  const refusal = (code: GatewayErrorCode) => new GatewayError(code, 'no');
  const refusals = (Object.keys(ERROR_CODES) as GatewayErrorCode[]).map(refusal);
  for (const { route } of routes) {
    for (const verb of withHead(route.verb)) {
      for (const outcome of [...successes(verb), ...refusals]) finish(log, route.template, verb, outcome);
    }
  }
  for (const { verb, path } of own) {
    const outcomes = OWN_REFUSALS.map(refusal);
    for (const each of withHead(verb))
      for (const outcome of [...successes(each), ...outcomes]) finish(log, path, each, outcome);
  }
  const paths = new Set([...routes.map(({ route }) => route.template), ...own.map(({ path }) => path)]);
  for (const verb of VERBS) {
    finish(log, '_unmatched', verb, refusal('ROUTE_NOT_FOUND'));
    for (const path of paths) finish(log, path, verb, verb === 'OPTIONS' ? 204 : refusal('METHOD_NOT_ALLOWED'));
  }
  for (const { route } of routes) {
    const { upstream, name } = route.method;
    for (const code of GRPC_CODES) metrics.attempt(upstream, name, code, 0.01);
    metrics.retry(upstream, name);
  }
  for (const decision_reason of DECISION_REASONS) {
    for (const outcome of ['allow', 'deny', 'error']) metrics.authDecisions.inc({ outcome, decision_reason });
  }
  for (let tenant = 0; tenant < 300; tenant++) metrics.rateLimits.countDenied(`tenant-${tenant}`);
}

/** Whoever may GET a path may HEAD it. */
function withHead(verb: string): string[] {
  return verb === 'GET' ? ['GET', 'HEAD'] : [verb];
}

function successes(verb: string): number[] {
  return verb === 'GET' || verb === 'HEAD' ? [200, 304] : [200, 201, 204];
}

function finish(log: AccessLog, path: string, method: string, outcome: number | GatewayError): void {
  const call = new CallContext('id', { traceparent: '00-0-0-00', tracestate: '' }, 0, Infinity);
  call.routeLabel = path;
  if (typeof outcome !== 'number') call.error = outcome;
  const status = typeof outcome === 'number' ? outcome : outcome.status;
  log.finish(call, { method, status, durationMs: 12, ttfbMs: 10, aborted: false } as HttpFacts);
}

describe('the metrics at their largest', () => {
  it(`have at most ${MAX_SERIES} series`, async () => {
    const series = (await scrape()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(new Set(series).size).toBe(series.length);
    expect(series.length).toBeLessThanOrEqual(MAX_SERIES);
  });

  it('are rendered in a time that is written down', async () => {
    const { registry } = gateway.gateway.app.get(GatewayMetrics);
    const runs: { wallMs: number; cpuMs: number; bytes: number }[] = [];
    for (let run = 0; run < 21; run++) {
      const [begunAt, cpu] = [performance.now(), process.cpuUsage()];
      const { length: bytes } = await textExposition(registry);
      const { user, system } = process.cpuUsage(cpu);
      runs.push({ wallMs: performance.now() - begunAt, cpuMs: (user + system) / 1000, bytes });
    }
    const [median] = runs.toSorted((a, b) => a.cpuMs - b.cpuMs).slice(runs.length / 2);
    mkdirSync(ARTIFACTS, { recursive: true });
    writeFileSync(join(ARTIFACTS, 'metrics-render.json'), `${JSON.stringify(median)}\n`);
    expect(median?.bytes).toBeGreaterThan(100_000);
  });

  it('are as promtool wants them', async () => {
    expect(await promtoolFindings(await scrape())).toEqual(ALLOWED_FINDINGS);
  });
});

/** Returns the findings of `promtool check metrics`, one line each. */
async function promtoolFindings(metrics: string): Promise<string[]> {
  try {
    execFileSync(findPrometheusTool('promtool'), ['check', 'metrics'], { input: metrics, stdio: 'pipe' });
    return [];
  } catch (error) {
    const { stderr } = error as { stderr: Buffer };
    return stderr
      .toString()
      .split('\n')
      .filter((line) => line !== '');
  }
}
