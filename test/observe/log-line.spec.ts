import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hash } from 'node:crypto';
import { API_KEYS } from '../../sandbox/auth/credentials.js';
import { ACCESS_FIELDS } from '../../src/observe/access-fields.js';
import { Client } from '../support/client.js';
import { startTestGateway, type LogLine, type TestGateway } from '../support/gateway.js';
import { sendRaw } from '../support/raw-http.js';

/** Fields of the access and of the decision, whose names operators search for. */
const EDGE_FIELDS =
  'logType request_id time_local remote_addr request_method request_uri request_path slug product microservice status status_class request_time_ms service_request_time_ms service_connect_time auth_request_time_ms auth_connect_time body_bytes_sent http_referer http_user_agent http_x_forwarded_for http_host tenant_id tenant_namespace identity_id identity_type auth_error_message auth_error_code';
const DECISION_FIELDS =
  'level ts logger request_id trace_id span_id uri method slug tenant_id endpoint_type identity_type identity_id auth_method decision_reason outcome status duration_ms authn_ms authz_ms jwt_cache_hit bitmap_authz_used granted_access_levels token_revoked slow';

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_MAX_BODY_BYTES: '64KiB' } });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

const sha256 = (text: string) => hash('sha256', text, 'hex');

/** The lines of the requests that `send` makes. */
async function linesOf(send: () => Promise<unknown>, count = 1): Promise<LogLine[]> {
  const all = () => gateway.lines.filter((line) => 'logType' in line);
  const before = all().length;
  await send();
  await expect.poll(() => all().length).toBe(before + count);
  return all().slice(before);
}

describe('one request', () => {
  const cases: [string, number, () => Promise<unknown>][] = [
    ['that succeeds', 200, () => alice.get('/api/v1/users?page_size=1')],
    ['to an open endpoint', 200, () => fetch(`${gateway.url}/api/v1/auth/tenants/acme/login-config`)],
    ['without a token', 401, () => fetch(`${gateway.url}/api/v1/users`)],
    [
      'without the permission',
      403,
      async () => (await Client.of(gateway, 'bob@acme.test')).send('DELETE', '/api/v1/users/x'),
    ],
    ['for another tenant', 403, () => alice.get('/api/v1/users?tenant_id=globex')],
    ['to an unknown path', 404, () => alice.get('/nope')],
    ['with a wrong method', 405, () => alice.send('DELETE', '/api/v1/users')],
    ['with a wrong body', 400, () => alice.send('POST', '/api/v1/users', '{')],
    ['with a body over the limit', 413, () => alice.send('POST', '/api/v1/users', ' '.repeat(70_000))],
    ['that is not HTTP', 400, () => sendRaw(gateway.url, 'nonsense\r\n\r\n')],
    [
      'with a target the router refuses',
      400,
      () => sendRaw(gateway.url, 'GET /api/v1/users/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
    ],
    [
      'that streams',
      200,
      async () => (await alice.send('POST', '/api/v1/ai:stream', { query: 'stream 1 tokens slow 0ms' })).text(),
    ],
  ];
  it.each(cases)('%s has one line with status %i and every field', async (_what, status, send) => {
    const [line] = await linesOf(send);
    expect(line?.status).toBe(status);
    const names = Object.keys(line ?? {});
    expect(names).toEqual([...new Set(names)]);
    for (const field of `${EDGE_FIELDS} ${DECISION_FIELDS} service env customer version pod policy_revision`.split(' '))
      expect(names).toContain(field);
    expect(names.slice(-ACCESS_FIELDS.length)).toEqual(ACCESS_FIELDS.map(([name]) => name));
    for (const [name, value] of Object.entries(line ?? {})) {
      if (name === 'roles' || name === 'granted_access_levels') expect(value).toBeInstanceOf(Array);
      else expect(['string', 'number', 'boolean']).toContain(typeof value);
    }
  });

  it('is all that its line says: nothing else is logged on the way', async () => {
    const before = gateway.lines.length;
    await linesOf(async () => {
      await alice.get('/api/v1/users?page_size=1');
      await alice.send('POST', '/api/v1/users', '{');
      await fetch(`${gateway.url}/api/v1/users`);
      await (await alice.send('POST', '/api/v1/ai:stream', { query: 'stream 3 tokens slow 0ms' })).text();
    }, 4);
    expect(gateway.lines.slice(before).map(({ logType }) => logType)).toEqual(['ACCESS', 'ACCESS', 'ACCESS', 'ACCESS']);
  });

  it('says who called what of which tenant, and why it was let in', async () => {
    const [line] = await linesOf(() => alice.get('/api/v1/users/acme-alice'));
    expect(line).toMatchObject({
      level: 'info',
      logType: 'ACCESS',
      route: '/api/v1/users/{user_id}',
      upstream: 'user',
      tenant_id: 'acme',
      identity_id: 'acme-alice',
      auth_method: 'jwt',
      endpoint_type: 'ACCESS_CONTROLLED',
      decision_reason: 'ACCESS_LEVEL_MATCH',
      outcome: 'allow',
      grpc_code: 'OK',
      roles: ['admin'],
      granted_access_levels: expect.arrayContaining(['user.*']) as string[],
      policy_revision: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
    });
  });

  it('says how long its client waited for the first byte', async () => {
    const [line] = await linesOf(() => alice.get('/api/v1/users/acme-alice'));
    expect(line?.ttfb_ms).toBeGreaterThan(Number(line?.service_request_time_ms));
    expect(line?.ttfb_ms).toBeLessThanOrEqual(Number(line?.duration_ms));
    const slow = { query: 'stream 3 tokens slow 50ms' };
    const [stream] = await linesOf(async () => (await alice.send('POST', '/api/v1/ai:stream', slow)).text());
    expect(stream?.ttfb_ms).toBeGreaterThan(0);
    expect(stream?.ttfb_ms).toBeLessThan(Number(stream?.duration_ms) - 50);
  });

  it('says how long its calls waited for a connection, and those that authorized it', async () => {
    const [line] = await linesOf(() => alice.get('/api/v1/users/acme-alice'));
    expect(line?.service_connect_time).toBeGreaterThan(0);
    expect(line?.service_connect_time).toBeLessThan(Number(line?.service_request_time_ms));
    expect(line?.auth_connect_time).toBe(0);
    const key = { headers: { 'x-api-key': API_KEYS.acme } };
    const [withKey] = await linesOf(() => fetch(`${gateway.url}/api/v1/users`, key));
    expect(withKey?.status).toBe(200);
    expect(withKey?.auth_connect_time).toBeGreaterThan(0);
    expect(withKey?.auth_connect_time).toBeLessThan(Number(withKey?.auth_request_time_ms));
    const [own] = await linesOf(() => alice.get('/nope'));
    expect([own?.service_connect_time, own?.auth_connect_time]).toEqual([0, 0]);
  });

  it('has a line of another type and level when its upstream is gone', async () => {
    await gateway.sandbox.setFault('tenant', { mode: 'down' });
    const [line] = await linesOf(() => alice.get('/api/v1/tenants'));
    await gateway.sandbox.setFault('tenant', { mode: 'none' });
    expect(line).toMatchObject({ level: 'warn', logType: 'UPSTREAM_UNAVAILABLE', grpc_code: 'UNAVAILABLE' });
    expect(line?.error_cause).toContain('connection refused');
  });

  it('has a line of a third type when AuthService is gone', async () => {
    const ask = () => fetch(`${gateway.url}/api/v1/users`, { headers: { 'x-api-key': API_KEYS.globex } });
    await gateway.sandbox.setFault('auth', { mode: 'down' });
    const [line] = await linesOf(ask);
    await gateway.sandbox.setFault('auth', { mode: 'none' });
    expect(line).toMatchObject({ level: 'warn', logType: 'AUTH_UNAVAILABLE', status: 503, outcome: 'error' });
    await expect.poll(async () => (await linesOf(ask))[0]?.status).toBe(200);
  });
});

describe('a refusal of the gateway', () => {
  it('has the decision reason ENDPOINT_UNKNOWN where no route has the path', async () => {
    const [line] = await linesOf(() => alice.get('/api/v1/nowhere'));
    expect(line).toMatchObject({ status: 404, outcome: 'deny', decision_reason: 'ENDPOINT_UNKNOWN' });
    expect(line?.error_cause).toBe('No route has this path.');
  });

  it('has its phrase where people search for it', async () => {
    const own = await startTestGateway({
      env: { RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '5', GATEWAY_CIRCUIT_PRESET: 'strict' },
    });
    try {
      const client = await Client.of(own, 'alice@acme.test');
      await own.sandbox.setFault('user', { mode: 'down' });
      const causes = () => own.lines.map((line) => String(line['error_cause'])).join('\n');
      const knock = async () => {
        await client.get('/api/v1/users/acme-alice');
        return causes();
      };
      await expect.poll(knock).toMatch(/circuit breaker is open/);
      await expect.poll(knock).toMatch(/rate limit exceeded/);
    } finally {
      await own.close();
    }
  });
});

describe('settings of the line', () => {
  it('name callers by a hash, deployments by their tag, and what is slow', async () => {
    const own = await startTestGateway({
      env: { LOG_IDENTITY: 'hash', GATEWAY_DEPLOYMENT_TAG: 'acme-prod', GATEWAY_AUTH_SLOW_MS: '60000' },
    });
    try {
      const client = await Client.of(own, 'alice@acme.test');
      await client.get('/api/v1/users/acme-alice');
      await client.get('/api/v1/users?page_size=1');
      await expect
        .poll(() => own.lines.filter(({ route }) => String(route).startsWith('/api/v1/users')).length)
        .toBe(2);
      const lines = own.lines.filter(({ route }) => String(route).startsWith('/api/v1/users'));
      for (const line of lines) expect(line).toMatchObject({ customer: 'acme-prod', slow: false, tenant_id: 'acme' });
      expect(new Set(lines.map((line) => line['identity_id']))).toEqual(new Set([sha256('acme-alice').slice(0, 16)]));
    } finally {
      await own.close();
    }
  });
});

describe('a line', () => {
  it('stays one JSON object whatever the client sends', async () => {
    const odd = { 'user-agent': '"},{"level":"fatal\\', referer: 'a\u001bb' };
    const [line] = await linesOf(() =>
      sendRaw(
        gateway.url,
        `GET /api/v1/users/%22%7D?a="b HTTP/1.1\r\nHost: a\r\nUser-Agent: ${odd['user-agent']}\r\nConnection: close\r\n\r\n`,
      ),
    );
    expect(line?.http_user_agent).toBe(odd['user-agent']);
    expect(line?.level).toBe('info');
  });

  it('holds no secret of the request', async () => {
    const before = gateway.lines.length;
    await alice.get('/api/v1/users?page_token=canary-query', {
      cookie: 'sid=canary-cookie',
      'x-api-key': 'canary-key',
    });
    await alice.send('POST', '/api/v1/auth/login', { identifier: 'alice@acme.test', password: 'canary-password' });
    await expect.poll(() => gateway.lines.length).toBeGreaterThan(before + 1);
    const text = JSON.stringify(gateway.lines.slice(before));
    expect(text).not.toContain('canary');
    expect(text).not.toContain(alice.token.split('.')[2]);
  });

  it('carries on the trace of the client, passes it to the backend and tells it in the response', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01`, tracestate: 'foo=1', baggage: 'user=alice' };
    let response: Response | undefined;
    const [line] = await linesOf(async () => (response = await alice.get('/api/v1/users', headers)));
    // A client that is not a trusted proxy cannot have its requests recorded.
    const own = `00-${trace}-${String(line?.span_id)}-00`;
    expect(line).toMatchObject({ trace_id: trace, trace_sampled: false });
    const call = gateway.sandbox.calls.list().find((each) => each.metadata['x-request-id']?.[0] === line?.request_id);
    expect(call?.metadata).toMatchObject({ traceparent: [own], tracestate: ['foo=1'] });
    expect(call?.metadata).not.toHaveProperty('baggage');
    expect(response?.headers.get('traceparent')).toBe(own);
    expect(response?.headers.get('x-trace-id')).toBe(trace);
  });

  it('begins a trace where the client sends two', async () => {
    const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const twice = `traceparent: ${parent}\r\ntraceparent: ${parent}\r\n`;
    const request = `GET /api/v1/users HTTP/1.1\r\nHost: a\r\n${twice}Connection: close\r\n\r\n`;
    const [line] = await linesOf(() => sendRaw(gateway.url, request));
    expect(line).toMatchObject({ status: 401, trace_sampled: false });
    expect(line?.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(parent).not.toContain(line?.trace_id);
  });
});
