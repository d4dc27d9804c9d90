import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminOrigin, sendToAdmin } from '../support/admin.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';
import { expectFetchProblem } from '../support/problem.js';

const TOKEN = 'a-token-of-operators-0123456789abcdef';
const READ_TOKEN = 'a-token-of-onlookers-0123456789abcdef';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
      GATEWAY_ADMIN_AUTH_TOKEN: TOKEN,
      GATEWAY_ADMIN_READ_TOKEN: READ_TOKEN,
      RATE_LIMIT_RPS: '1',
      RATE_LIMIT_BURST: '2',
    },
  });
});
afterAll(() => gateway.close());

interface Sent {
  readonly token?: string;
  readonly type?: string;
}

function send(method: string, path: string, body?: unknown, { token = TOKEN, type }: Sent = {}): Promise<Response> {
  return fetch(adminOrigin(gateway) + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': type ?? 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

const level = () => gateway.lines.filter(({ msg }) => msg === 'log_level_restored').at(-1)?.log_level;

describe('the log level', () => {
  it('is changed for a time, and goes back by itself', async () => {
    const response = await send('PUT', '/admin/loglevel', { level: 'debug', for: '50ms' });
    expect(response.status).toBe(200);
    const { until, ...rest } = (await response.json()) as { until: string };
    expect(rest).toEqual({ level: 'debug' });
    expect(Date.parse(until)).toBeLessThan(Date.now() + 60);
    await expect.poll(level).toBe('info');
  });

  it('decides what is logged at once', async () => {
    const probes = () => gateway.lines.filter(({ route }) => route === '/livez').length;
    await fetch(`${gateway.url}/livez`);
    const before = probes();
    await send('PUT', '/admin/loglevel', { level: 'debug', for: '1m' });
    await fetch(`${gateway.url}/livez`);
    await expect.poll(probes).toBe(before + 1);
    await send('PUT', '/admin/loglevel', { level: 'info', for: '1ms' });
  });

  it('is taken from a client that closes its side after its request', async () => {
    const body = JSON.stringify({ level: 'info', for: '1ms' });
    const head = `PUT /admin/loglevel HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}`;
    const { hostname, port } = new URL(adminOrigin(gateway));
    const socket = connect(Number(port), hostname);
    socket.end(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200 /);
    socket.destroy();
  });

  it('is taken from curl, which says of JSON that it is a form', async () => {
    const type = 'application/x-www-form-urlencoded';
    expect((await send('PUT', '/admin/loglevel', { level: 'info', for: '1ms' }, { type })).status).toBe(200);
  });

  it.each<[string, unknown, string, string]>([
    ['another level', { level: 'loud' }, 'INVALID_ARGUMENT', 'level: '],
    ['no level', {}, 'INVALID_ARGUMENT', 'level: '],
    ['a time without a unit', { level: 'debug', for: '300' }, 'INVALID_ARGUMENT', 'for: must be a time with its unit'],
    ['a week', { level: 'debug', for: '168h' }, 'INVALID_ARGUMENT', 'for: must be a time'],
    ['a number', { level: 'debug', for: 5 }, 'INVALID_ARGUMENT', 'for: '],
    [
      'a member that there is not',
      { level: 'debug', fro: '5m' },
      'INVALID_ARGUMENT',
      'fro: unknown member (known: level, for)',
    ],
    ['a list', ['debug'], 'INVALID_ARGUMENT', 'The body must be a JSON object.'],
    ['no JSON', '{"level":', 'MALFORMED_JSON', 'The body is not JSON.'],
    ['an empty body', '', 'MALFORMED_JSON', 'The body is not JSON.'],
  ])('is refused with %s', async (_what, body, code, detail) => {
    const problem = await expectFetchProblem(await send('PUT', '/admin/loglevel', body), code as 'INVALID_ARGUMENT');
    expect(problem['detail']).toContain(detail);
  });

  it('is refused with a body that is too large, or of another type', async () => {
    await expectFetchProblem(await send('PUT', '/admin/loglevel', 'x'.repeat(70_000)), 'PAYLOAD_TOO_LARGE');
    await expectFetchProblem(await send('PUT', '/admin/loglevel', 'x', { type: 'text/xml' }), 'UNSUPPORTED_MEDIA_TYPE');
  });

  it('has a body that grows beyond the limit refused without a length, too', async () => {
    const chunk = `${(40_000).toString(16)}\r\n${'x'.repeat(40_000)}\r\n`;
    const head = `PUT /admin/loglevel HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nTransfer-Encoding: chunked`;
    const answer = await sendToAdmin(gateway, `${head}\r\n\r\n${chunk}${chunk}0`);
    expect([answer.status, answer.headers['x-gateway-error']]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });
});

describe('the dry run of the rate limits', () => {
  it('counts what it would have refused, until it ends', async () => {
    const alice = await Client.of(gateway, 'alice@acme.test');
    const statuses = async () => {
      const all = await Promise.all(Array.from({ length: 6 }, () => alice.get('/api/v1/users/acme-alice')));
      return new Set(all.map(({ status }) => status));
    };
    expect(await statuses()).toContain(429);
    expect(await (await send('PUT', '/admin/rate-limits/dry-run', { enabled: true })).json()).toEqual({
      dryRun: true,
      until: null,
    });
    expect(await statuses()).toEqual(new Set([200]));
    expect(await (await send('GET', '/admin/limits')).json()).toMatchObject({
      rateLimits: { config: { dryRun: true } },
    });
    await send('PUT', '/admin/rate-limits/dry-run', { enabled: false });
    expect(await statuses()).toContain(429);
  });

  it('is not taken as a word', async () => {
    await expectFetchProblem(await send('PUT', '/admin/rate-limits/dry-run', { enabled: 'yes' }), 'INVALID_ARGUMENT');
  });
});

describe('the token that only reads', () => {
  it.each(['/admin/ping', '/admin/routes', '/admin/circuits', '/admin/config'])('can look at %s', async (path) => {
    expect((await send('GET', path, undefined, { token: READ_TOKEN })).status).toBe(200);
  });

  it.each([
    ['POST', '/admin/circuits/user/open'],
    ['POST', '/admin/drain'],
    ['PUT', '/admin/loglevel'],
    ['PUT', '/admin/rate-limits/dry-run'],
    ['GET', '/debug/heapsnapshot'],
  ])('cannot %s %s', async (method, path) => {
    const problem = await expectFetchProblem(
      await send(method, path, undefined, { token: READ_TOKEN }),
      'PERMISSION_DENIED',
    );
    expect(problem['detail']).toContain('GATEWAY_ADMIN_AUTH_TOKEN');
  });

  it('is in no line and in no settings that are shown', async () => {
    expect(await (await send('GET', '/admin/config')).text()).not.toContain(READ_TOKEN);
    expect(JSON.stringify(gateway.lines)).not.toContain(READ_TOKEN);
  });
});

it('a drain by hand fails readiness and goes on serving, on connections that close', async () => {
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  expect(await (await send('POST', '/admin/drain')).json()).toEqual({ draining: true, inFlight: 0 });
  const [ready, live] = await Promise.all([fetch(`${gateway.url}/readyz`), fetch(`${gateway.url}/livez`)]);
  expect([ready.status, live.status, live.headers.get('connection')]).toEqual([503, 200, 'close']);
  expect(await metric(gateway.url, 'gateway_draining')).toBe(1);
  expect(gateway.lines.filter(({ msg }) => msg === 'drain_started')).toHaveLength(1);
  await send('POST', '/admin/drain');
  expect(gateway.lines.filter(({ msg }) => msg === 'drain_started')).toHaveLength(1);
});
