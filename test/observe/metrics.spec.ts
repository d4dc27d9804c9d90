import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_KEYS } from '../../sandbox/auth/credentials.js';
import { Client } from '../support/client.js';
import { compiledExpressions } from './compiled-expressions.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

async function scrape(url = gateway.url): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

/** The value of a series; 0 for one that is not there. */
async function value(series: string): Promise<number> {
  const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}

describe('metrics', () => {
  it('count a request under the template of its route', async () => {
    const series = 'http_requests_total{method="GET",path="/api/v1/users/{user_id}",status="200"}';
    const before = await value(series);
    await alice.get('/api/v1/users/acme-alice');
    await expect.poll(() => value(series)).toBe(before + 1);
  });

  it('count attempts at upstreams with their code', async () => {
    const series = 'upstream_grpc_errors_total{upstream="user",method="GetUser",code="NOT_FOUND"}';
    const before = await value(series);
    await alice.get('/api/v1/users/nobody');
    expect(await value(series)).toBe(before + 1);
  });

  it('time each attempt at an upstream, and each decision with an edge at 50 ms', async () => {
    const attempts = 'upstream_grpc_request_duration_seconds_count{upstream="user",method="GetUser"}';
    const counts = async () => [await value(attempts), await value('gateway_auth_duration_seconds_count')];
    const before = await counts();
    await alice.get('/api/v1/users/acme-alice');
    await expect.poll(counts).toEqual(before.map((count) => count + 1));
    expect(await scrape()).toContain('gateway_auth_duration_seconds_bucket{le="0.05"}');
  });

  it('count the credentials that the auth cache knew, and those that it did not', async () => {
    const counts = async () => [
      await value('gateway_auth_cache_misses_total{tier="l1"}'),
      await value('gateway_auth_cache_hits_total{tier="l1"}'),
    ];
    const ask = () => fetch(`${gateway.url}/api/v1/users`, { headers: { 'x-api-key': API_KEYS.globex } });
    const [misses = 0, hits = 0] = await counts();
    expect((await ask()).status).toBe(200);
    expect(await counts()).toEqual([misses + 1, hits]);
    expect((await ask()).status).toBe(200);
    expect(await counts()).toEqual([misses + 1, hits + 1]);
  });

  it('count decisions by their reason', async () => {
    const series = 'gateway_auth_decisions_total{outcome="deny",decision_reason="NO_CREDENTIALS"}';
    const before = await value(series);
    await fetch(`${gateway.url}/api/v1/users`);
    await expect.poll(() => value(series)).toBe(before + 1);
  });

  it('count refusals of what clients send by their code, and failures by whose fault they were', async () => {
    const rejected = 'gateway_client_rejects_total{reason="INVALID_ARGUMENT"}';
    const ofClients = 'gateway_request_failures_total{failure_domain="client"}';
    const ofAuth = 'gateway_request_failures_total{failure_domain="auth"}';
    const before = await Promise.all([value(rejected), value(ofClients), value(ofAuth)]);
    await alice.get('/api/v1/users?page_size=many');
    await fetch(`${gateway.url}/api/v1/users`);
    const after = () => Promise.all([value(rejected), value(ofClients), value(ofAuth)]);
    await expect.poll(after).toEqual(before.map((count) => count + 1));
  });

  it('tell the time in the gateway from that of the upstream', async () => {
    await gateway.sandbox.setFault('user', { mode: 'slow', latencyMs: 150 });
    const counts = async () => [
      await value('gateway_overhead_seconds_count'),
      await value('gateway_overhead_seconds_sum'),
    ];
    const [count = 0, sum = 0] = await counts();
    await alice.get('/api/v1/users/acme-alice');
    await gateway.sandbox.setFault('user', { mode: 'none' });
    await expect.poll(counts).toEqual([count + 1, expect.any(Number)]);
    expect((await counts())[1]).toBeLessThan(sum + 0.3);
    await alice.get('/nope');
    await fetch(`${gateway.url}/api/v1/users`);
    expect(await value('gateway_overhead_seconds_count')).toBe(count + 1);
  });

  it('have short names too, with the same values', async () => {
    const text = await scrape();
    const sum = (name: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith(name))
        .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
    const count = sum('gateway_http_request_duration_seconds_count');
    expect(sum('api_gateway_request_duration_seconds_count ')).toBe(count);
    expect(count).toBeGreaterThan(0);
    const [p50 = NaN, p99 = NaN] = ['0.5', '0.99'].map((q) =>
      sum(`api_gateway_request_duration_seconds{quantile="${q}"}`),
    );
    expect(p50).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
    expect(sum('api_gateway_active_requests ')).toBe(sum('gateway_in_flight_requests '));
  });

  it('say which upstreams serve', async () => {
    await expect.poll(() => value('gateway_upstream_up{upstream="user"}')).toBe(1);
  });

  it('do not grow with paths, methods, tenants and agents that clients make up', async () => {
    await Promise.all(Array.from({ length: 20 }, () => alice.get('/warm-up')));
    const before = (await scrape()).split('\n').length;
    const made = Array.from({ length: 200 }, (_, n) =>
      alice.send(['GET', 'PROPFIND', 'LOCK'][n % 3] ?? 'GET', `/made-up/${n}`, undefined, {
        'user-agent': `agent-${n}`,
        'x-tenant-id': `t-${n}`,
      }),
    );
    await Promise.all(made);
    expect((await scrape()).split('\n').length - before).toBeLessThan(50);
  });

  it('of two gateways in one process are their own', async () => {
    const other = await startTestGateway();
    try {
      const text = await scrape(other.url);
      expect(text).not.toContain('path="/api/v1/users/{user_id}"');
    } finally {
      await other.close();
    }
  });
});

describe('the metrics of streams', () => {
  const streams = (outcome: string) => value(`gateway_streams_total{outcome="${outcome}"}`);
  const stream = (query: string, signal?: AbortSignal) =>
    fetch(`${gateway.url}/api/v1/ai:stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${alice.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
      signal: signal ?? null,
    });

  it('count one that is whole, with the time to its first message', async () => {
    const [completed, firstBytes] = [
      await streams('completed'),
      await value('gateway_ai_time_to_first_byte_seconds_count'),
    ];
    await (await stream('stream 3 tokens slow 0ms')).text();
    await expect.poll(() => streams('completed')).toBe(completed + 1);
    expect(await value('gateway_ai_time_to_first_byte_seconds_count')).toBe(firstBytes + 1);
  });

  it('count one that its client leaves, and those under way', async () => {
    const aborted = await streams('client_abort');
    const abort = new AbortController();
    await stream('stream 1000 tokens slow 20ms', abort.signal);
    await expect.poll(() => value('gateway_ai_streams_active')).toBe(1);
    expect(await value('gateway_in_flight_stage_requests{stage="stream"}')).toBe(1);
    abort.abort();
    await expect.poll(() => streams('client_abort')).toBe(aborted + 1);
    expect(await value('gateway_ai_streams_active')).toBe(0);
  });

  it('count one that fails by its upstream', async () => {
    const failed = await streams('upstream_error');
    await (await stream('fail after 2')).text();
    await expect.poll(() => streams('upstream_error')).toBe(failed + 1);
  });
});

describe('what runs here', () => {
  const labelOf = async (name: string, label: string) =>
    new RegExp(`^${name}\\{.*?${label}="([^"]*)"`, 'm').exec(await scrape())?.[1];

  it('is told by version, commit, settings and policies', async () => {
    const hash = await labelOf('gateway_config_hash_info', 'hash');
    const revision = await labelOf('gateway_policy_revision', 'revision');
    expect(hash).toMatch(/^[0-9a-f]{12}$/);
    expect(revision).toMatch(/^[0-9a-f]{12}$/);
    const own = await startTestGateway({ env: { GATEWAY_REVISION: 'abc1234', RATE_LIMIT_BURST: '7' } });
    try {
      const text = await scrape(own.url);
      expect(text).toMatch(/^gateway_build_info\{version="[^"]+",revision="abc1234",node="v[^"]+"\} 1$/m);
      expect(text).not.toContain(`hash="${hash}"`);
      expect(text).toContain(`gateway_policy_revision{revision="${revision}"} 1`);
    } finally {
      await own.close();
    }
  });

  it('compiles no policy and no regular expression for a request', async () => {
    const before = await value('gateway_policy_compile_total');
    expect(before).toBeGreaterThan(20);
    const requests = async () => {
      await alice.get('/api/v1/users/acme-alice');
      await alice.send('POST', '/api/v1/users', '{');
      await alice.get('/nope');
    };
    await requests();
    expect(await compiledExpressions(requests)).toEqual([]);
    expect(await value('gateway_policy_compile_total')).toBe(before);
  });

  it('has its limits of memory and the busy time of its event loop', async () => {
    for (const name of ['gateway_memory_limit_bytes', 'nodejs_heap_size_limit_bytes'])
      expect(await value(name)).toBeGreaterThan(2 ** 20);
    const busy = await value('nodejs_eventloop_busy_seconds_total');
    expect(busy).toBeGreaterThan(0);
    expect(await value('nodejs_eventloop_busy_seconds_total')).toBeGreaterThan(busy);
  });
});

describe('gateway_state', () => {
  it('goes through its states, each change with a line of the log', async () => {
    const own = await startTestGateway({ env: { GATEWAY_HEALTH_INTERVAL: '100ms', GATEWAY_RECOVERY_HOLD: '0s' } });
    const state = async () => /^gateway_state\{state="(\w+)"\} 1$/m.exec(await scrape(own.url))?.[1];
    await expect.poll(state).toBe('ready');
    await own.sandbox.setFault('tenant', { mode: 'down' });
    await expect.poll(state).toBe('degraded');
    await own.sandbox.setFault('tenant', { mode: 'none' });
    await expect.poll(state).toBe('ready');
    await own.close();
    const changes = own.lines.map(({ msg }) => String(msg)).filter((msg) => msg.startsWith('state_changed'));
    expect(changes).toEqual([
      'state_changed from=starting to=ready',
      'state_changed from=ready to=degraded',
      'state_changed from=degraded to=ready',
      'state_changed from=ready to=draining',
    ]);
  });
});
