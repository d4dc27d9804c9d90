import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choosePort } from '../../sandbox/gateway-process.js';
import { startSandbox } from '../../sandbox/environment.js';
import { run } from '../../src/cli/program.js';
import { Client } from '../support/client.js';
import { startTestGateway } from '../support/gateway.js';
import { sendRequest } from '../support/raw-http.js';
import { callApi, signIn, type SsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';

const BASE = '/edge/v2';

let gateway: SsoGateway;
let host: string;
let token: string;

beforeAll(async () => {
  const sandbox = await startSandbox({ faultServer: false });
  const port = await choosePort('0');
  host = `http://localhost:${port}`;
  const publicUrl = host + BASE;
  const env = { ...sandbox.gatewayEnv(publicUrl), GATEWAY_PUBLIC_URL: `${publicUrl}/`, API_GATEWAY_PORT: port };
  gateway = { ...(await startTestGateway({ sandbox, env })), publicUrl };
  ({ token } = await Client.of(gateway, 'alice@acme.test'));
});
afterAll(() => gateway.close());

const get = (url: string, headers: Record<string, string> = {}) => fetch(url, { headers, redirect: 'manual' });

describe('with a path in GATEWAY_PUBLIC_URL', () => {
  it.each([
    ['an RPC', '/api/v1/users/acme-alice', 200],
    ['an RPC with a query', '/api/v1/users?pageSize=1', 200],
    ['a route of the gateway', '/api/v1/me', 200],
    ['a verb', '/api/v1/ai:stream', 405],
    ['the front page', '/', 200],
    ['the front page without its slash', '', 200],
    ['the same with a query', '?x=1', 200],
    ['the reference', '/docs', 200],
    ['the document', '/openapi.json', 200],
    ['a probe', '/livez', 200],
    ['nothing', '/nope', 404],
    ['the base path twice', `${BASE}/livez`, 404],
  ])('serves %s below it', async (_what, path, status) => {
    const headers = { authorization: `Bearer ${token}` };
    expect((await get(gateway.publicUrl + path, headers)).status).toBe(status);
  });

  it('serves the same without it, for probes and for proxies that take it off', async () => {
    expect((await get(`${host}/livez`)).status).toBe(200);
    expect((await get(`${host}/api/v1/me`, { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await get(`${host}${BASE}x/livez`)).status).toBe(404);
  });

  it('names the path that the client called in problems, and where their type is told', async () => {
    const problem = (await (await get(`${gateway.publicUrl}/api/v1/users`)).json()) as Record<string, string>;
    expect(problem).toMatchObject({ instance: `${BASE}/api/v1/users`, type: `${BASE}/docs/errors#UNAUTHENTICATED` });
    expect((await get(new URL(problem['type'] ?? '', host).href)).status).toBe(200);
  });

  it('is the server of the OpenAPI document', async () => {
    const document = (await (await get(`${gateway.publicUrl}/openapi.json`)).json()) as Record<string, unknown>;
    expect(document['servers']).toEqual([{ url: gateway.publicUrl }]);
  });

  it.each(['/', '', '/docs', '/docs/errors'])('links only to what is there: %j', async (page) => {
    const url = gateway.publicUrl + page;
    const html = await (await get(url)).text();
    const links = [...html.matchAll(/(?:href|src)="([^"#]+)/g)].map(([, link]) => new URL(link ?? '', url));
    for (const link of links.filter(({ protocol }) => protocol === 'http:')) {
      expect(link.pathname.startsWith(`${BASE}/`), link.href).toBe(true);
      expect([200, 302], link.href).toContain((await get(link.href, { 'sec-fetch-mode': 'navigate' })).status);
    }
  });

  it('signs people in and out below it', async () => {
    const client = new WebClient();
    const back = await signIn(client, gateway, 'alice@acme.test');
    expect([back.status, back.headers.get('location')]).toEqual([302, `${BASE}/`]);
    const session = await callApi(client, gateway, '/auth/session');
    expect(JSON.parse(session.body)).toMatchObject({ subject: 'acme-alice', logoutUrl: `${BASE}/auth/logout` });
    const out = await callApi(client, gateway, '/auth/logout', { method: 'POST' });
    const { logoutUrl } = JSON.parse(out.body) as { logoutUrl: string };
    expect(new URL(logoutUrl, host).href).toMatch(new RegExp(`^${gateway.publicUrl}/`));
    expect((await callApi(client, gateway, '/auth/session')).status).toBe(401);
  });

  it('leads a person who is not signed in back to where they were', async () => {
    const headers = ['Accept: text/html', 'Sec-Fetch-Mode: navigate'];
    const answer = await sendRequest(host, { method: 'GET', target: `${BASE}/api/v1/me?x=1`, headers });
    const to = new URL(answer.headers['location'] ?? '');
    expect(to.origin + to.pathname).toBe(`${gateway.publicUrl}/auth/sandbox/login`);
    expect(to.searchParams.get('returnTo')).toBe(`${BASE}/api/v1/me?x=1`);
  });

  it('is taken off by gateway explain', async () => {
    const lines: string[] = [];
    const terminal = { out: (line: string) => lines.push(line), err: (line: string) => lines.push(line) };
    const env = { GATEWAY_PUBLIC_URL: gateway.publicUrl };
    expect(await run(['explain', 'GET', `${gateway.publicUrl}/api/v1/users/42`], terminal, env)).toBe(0);
    expect(lines.join('\n')).toContain('user.v1.UserService.GetUser');
  });
});
