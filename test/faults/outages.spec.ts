import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SandboxEnvironment } from '../../sandbox/environment.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

type Upstream = Parameters<SandboxEnvironment['setFault']>[0];

/** Routes by the service behind them, and what a good request to each is answered. */
const ROUTES: Readonly<Record<string, readonly { method: string; path: string; body?: object; status: number }[]>> = {
  auth: [
    { method: 'POST', path: '/api/v1/auth/login', body: { identifier: 'alice@acme.test', password: 'x' }, status: 401 },
    { method: 'POST', path: '/api/v1/auth/refresh', body: { refresh_token: 'unknown' }, status: 401 },
    { method: 'POST', path: '/api/v1/auth/register', body: {}, status: 400 },
    { method: 'POST', path: '/api/v1/auth/logout', body: { refresh_token: 'unknown' }, status: 200 },
  ],
  user: [{ method: 'GET', path: '/api/v1/users/acme-alice', status: 200 }],
  tenant: [{ method: 'GET', path: '/api/v1/tenants/acme', status: 200 }],
  ai: [{ method: 'POST', path: '/api/v1/ai', body: { query: 'hello' }, status: 200 }],
};

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

async function statuses(upstream: string): Promise<number[]> {
  const authorization = `Bearer ${await gateway.sandbox.issueToken('alice@acme.test')}`;
  const answers = (ROUTES[upstream] ?? []).map(async ({ method, path, body }) => {
    const init = { method, headers: { authorization, 'content-type': 'application/json' } };
    const response = await fetch(
      gateway.url + path,
      body === undefined ? init : { ...init, body: JSON.stringify(body) },
    );
    await response.arrayBuffer();
    if (response.status === 503) expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    return response.status;
  });
  return Promise.all(answers);
}
const usual = (upstream: string) => (ROUTES[upstream] ?? []).map(({ status }) => status);

it.each(Object.keys(ROUTES).map((upstream) => ({ upstream })))(
  'without $upstream its routes answer 503, and those of the others are as they were',
  async ({ upstream }) => {
    const others = Object.keys(ROUTES).filter((each) => each !== upstream);
    for (const each of others) expect([each, await statuses(each)]).toEqual([each, usual(each)]);
    await gateway.sandbox.setFault(upstream as Upstream, { mode: 'down' });
    expect(await statuses(upstream)).toEqual(usual(upstream).map(() => 503));
    for (const each of others) expect([each, await statuses(each)]).toEqual([each, usual(each)]);
  },
);
