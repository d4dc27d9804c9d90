import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
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

  it('count decisions by their reason', async () => {
    const series = 'gateway_auth_decisions_total{outcome="deny",decision_reason="NO_CREDENTIALS"}';
    const before = await value(series);
    await fetch(`${gateway.url}/api/v1/users`);
    await expect.poll(() => value(series)).toBe(before + 1);
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

describe('OPS_PORT', () => {
  it('takes the metrics off the main port, and answers health on both', async () => {
    const own = await startTestGateway({ env: { OPS_PORT: '0' } });
    try {
      const ops = own.gateway.opsUrl ?? '';
      expect((await fetch(`${own.url}/metrics`)).status).toBe(404);
      expect(await scrape(ops)).toContain('process_cpu_seconds_total');
      expect((await fetch(`${ops}/readyz`)).status).toBe(200);
      expect((await fetch(`${own.url}/readyz`)).status).toBe(200);
      const other = await fetch(`${ops}/api/v1/users`);
      expect(other.status).toBe(404);
      expect(other.headers.get('content-type')).toContain('application/problem+json');
    } finally {
      await own.close();
    }
  });
});

describe('ENABLE_METRICS=false', () => {
  it.each([{}, { OPS_PORT: '0' }])('is the reason that a scrape is answered with (%j)', async (more) => {
    const own = await startTestGateway({ env: { ENABLE_METRICS: 'false', ...more } });
    try {
      const response = await fetch(`${own.gateway.opsUrl ?? own.url}/metrics`);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('ENABLE_METRICS is false');
    } finally {
      await own.close();
    }
  });
});
