import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { API_KEYS } from '../../sandbox/auth/credentials.js';
import { panelQueries } from '../ops/dashboards.js';
import { REDIS_DOWN } from './scenarios/redis-down.js';
import { USER_DOWN } from './scenarios/user-down.js';
import { Site } from './site/site.js';
import { EVERYDAY } from './site/traffic.js';
import { until } from './until.js';

/** Queries that have no data here, by their names, and why that is right. */
const EMPTY: Readonly<Record<string, string>> = {
  'api-gateway: Wait for a permit of the concurrency limit, p99, A': 'no upstream has reached its concurrency limit',
  'api-gateway: Fallback responses, A': 'no policy of the contract has a fallback',
  'api-gateway: AuthService outages, C': 'AuthService is healthy',
  'api-gateway: Requests in flight on draining pods, A': 'no pod drains',
  'api-gateway: Time until certificates expire, A': 'connections are not encrypted',
};

const ALICE = 'alice@acme.test';
/** Beside everyday requests: streams, a path that nobody knows, no credentials, a body that is refused. */
const MORE = [
  { path: '/api/v1/ai:stream', user: ALICE, body: { query: 'What is new?' } },
  { path: '/api/v1/nothing', user: ALICE },
  { path: '/api/v1/users' },
  { path: '/api/v1/auth/login', body: { identifier: 1 } },
];

const shelf = mkdtempSync(join(tmpdir(), 'dashboards-'));
let site: Site;

beforeAll(async () => {
  const requests = EVERYDAY.flatMap((request, index) => [request, ...MORE.slice(index % 4, (index % 4) + 1)]);
  const env = {
    GATEWAY_BUDGET_DEBIT_SHELF_DIR: shelf,
    // Less than the tenants ask for, so that some of it is denied.
    RATE_LIMIT_RPS: '10',
    RATE_LIMIT_BURST: '10',
    ENABLE_TRACING: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_SAMPLE_RATIO: '1',
  };
  const scenario = { ...REDIS_DOWN, name: 'dashboards', env, traffic: { requests, rate: 40 } };
  site = await Site.start(scenario, { alerts: false });
  await USER_DOWN.inject(site);
  await useOtherCredentials();
}, 120_000);
afterAll(async () => {
  await site?.close();
  rmSync(shelf, { recursive: true });
});

/** A key that AuthService is asked about, and a token that is revoked. */
async function useOtherCredentials(): Promise<void> {
  const token = await site.sandbox.issueToken('bob@acme.test');
  const send = (path: string, init: RequestInit) => fetch(`${site.pod.url}/api/v1/${path}`, init);
  await send('tenants/acme', { headers: { 'x-api-key': API_KEYS.acme } });
  const logout = () => send('auth/logout', { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  // The limit of the tenant, which its other requests use up, may refuse it a few times.
  await until('the sign-out is let in', async () => (await logout()).status === 200);
}

it('every query of every panel has data, but for those that are rightly empty', async () => {
  const queries = panelQueries();
  const empty = async () => {
    const answers = await Promise.all(queries.map(({ expr }) => site.query(expr)));
    return queries.filter((_query, index) => answers[index]?.every(({ value }) => Number.isNaN(value)));
  };
  let found: readonly string[] = [];
  const isComplete = async () => {
    found = (await empty()).map(({ name }) => name);
    return found.every((name) => name in EMPTY);
  };
  await until('all other queries have data', isComplete, { explain: () => found.join(', ') });
  expect(found.toSorted()).toEqual(Object.keys(EMPTY).toSorted());
});
