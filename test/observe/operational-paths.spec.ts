import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATIONAL_PATHS } from '../../src/domain/operational-paths.js';
import { controllerRoutes } from '../../src/edge/controller-routes.js';
import { HealthController } from '../../src/ops/health.controller.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    env: { OPS_PORT: '0', GATEWAY_RATE_LIMIT_IP_RPS: '1', GATEWAY_RATE_LIMIT_IP_BURST: '1' },
    waitUntilReady: false,
  });
});
afterAll(() => gateway.close());

const ops = () => gateway.gateway.opsUrl ?? '';
const requests = (path: string, status: number) =>
  metric(ops(), 'http_requests_total', { path, method: 'GET', status: String(status) });

it('the paths that are asked about the gateway itself are those of its health and its metrics', () => {
  expect([...OPERATIONAL_PATHS].toSorted()).toEqual(
    [...controllerRoutes(HealthController).map(({ path }) => path), '/metrics'].toSorted(),
  );
});

describe.each([...OPERATIONAL_PATHS])('%s', (path) => {
  it('is counted, has no line of its own and no limit, on either port', async () => {
    const urls = path === '/metrics' ? [ops()] : [gateway.url, ops()];
    const lines = gateway.lines.length;
    const statuses = new Set<number>();
    for (const url of urls) {
      for (let n = 0; n < 5; n++) statuses.add((await fetch(url + path)).status);
    }
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    const counted = await Promise.all([...statuses].map((status) => requests(path, status)));
    expect(counted.reduce<number>((sum, each) => sum + (each ?? 0), 0)).toBeGreaterThanOrEqual(5 * urls.length);
    expect(gateway.lines.slice(lines).filter(({ logger }) => logger === 'AUTH_DECISION')).toEqual([]);
  });
});

describe.each(['/metrics', '/metrics/', '//metrics', '/%6detrics', '/metrics?x=1', '/metrics/?'])('%s', (path) => {
  it('is not among the requests that it counts, and has no limit', async () => {
    for (let n = 0; n < 5; n++) {
      const answer = await fetch(ops() + path);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toMatch(/^gateway_in_flight_requests 0$/m);
    }
  });
});

it('a path that only begins like one of them has the limit of its address', async () => {
  const statuses = [];
  for (let n = 0; n < 3; n++) statuses.push((await fetch(`${ops()}/livez/x`)).status);
  expect(statuses).toContain(429);
});
