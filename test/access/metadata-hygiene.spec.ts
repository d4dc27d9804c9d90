import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BackendView } from '../support/backend-view.js';
import { Client } from '../support/client.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { sendRaw } from '../support/raw-http.js';

/** All that a backend may be told. `user-agent` is gRPC's own. */
const ALLOWED = [
  'traceparent',
  'user-agent',
  'x-gateway-auth-method',
  'x-gateway-permissions',
  'x-gateway-subject',
  'x-gateway-tenant',
  'x-request-id',
];

let gateway: TestGateway;
let backends: BackendView;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_HEALTH_INTERVAL: '1h' } });
  alice = await Client.of(gateway, 'alice@acme.test');
  await alice.get('/api/v1/users');
  backends = new BackendView(gateway.sandbox);
});
afterAll(() => gateway.close());
beforeEach(() => backends.clear());

/** Returns the metadata of the only call of UserService. */
function received(): Readonly<Record<string, readonly string[]>> {
  const calls = backends.calls.filter(({ call }) => call.upstream === 'user');
  expect(calls).toHaveLength(1);
  return calls[0]?.call.metadata ?? {};
}

describe('a claim of any text reaches the backend as it is, or the request is refused', () => {
  const texts = [
    'Société',
    '東京',
    'acme 😀',
    'with space',
    ' leading and trailing ',
    'a,b;c="d"',
    '100%',
    '%0d%0aevil: 1',
    'line\r\nx-gateway-tenant: globex',
    'nul\0nul',
    'tab\tdel\u007f',
    'rtl\u202eevil',
    'line\u2028separator',
    'value-bin',
    ':path',
    'grpc-timeout',
    '__proto__',
    'x'.repeat(128),
  ];
  it.each(texts)('subject and tenant %j', async (text) => {
    const token = await gateway.sandbox.issueToken('alice@acme.test', { sub: text, tenant_id: text });
    const response = await new Client(gateway.url, token).get('/api/v1/users');
    expect(response.status).toBe(200);
    const metadata = received();
    expect(Object.keys(metadata).sort()).toEqual(ALLOWED);
    for (const key of ['x-gateway-subject', 'x-gateway-tenant']) {
      expect(metadata[key]).toHaveLength(1);
      expect(metadata[key]?.[0]).toMatch(/^[!-~]+$/);
      expect(decodeURIComponent(metadata[key]?.[0] ?? '')).toBe(text);
    }
    expect(backends.calls.map(({ request }) => request.tenantId)).toEqual(backends.calls.map(() => text));
  });

  it.each([
    ['a permission', { permissions: ['user.read', 'Société.lire', 'a b', 'x\r\ny: z'] }, 200],
    ['a subject without end', { sub: 'x'.repeat(4_000) }, 401],
    ['a tenant without end', { tenant_id: 'x'.repeat(4_000) }, 401],
    ['a lone surrogate', { tenant_id: 'a\ud800b' }, 200],
    ['64 KiB', { tenant_id: 'x'.repeat(65_536) }, 431],
  ])('%s', async (_what, claims, status) => {
    const token = await gateway.sandbox.issueToken('alice@acme.test', claims);
    const response = await new Client(gateway.url, token).get('/api/v1/users');
    expect(response.status).toBe(status);
    if (status === 200) expect(Object.keys(received()).sort()).toEqual(ALLOWED);
    else expect(backends.calls).toEqual([]);
  });

  it('permissions are told apart by spaces, whatever is in them', async () => {
    const permissions = ['user.read', 'a b', 'é.x', 'c%20d'];
    const token = await gateway.sandbox.issueToken('alice@acme.test', { permissions });
    await new Client(gateway.url, token).get('/api/v1/users');
    const [list = ''] = received()['x-gateway-permissions'] ?? [];
    expect(list.split(' ').map(decodeURIComponent)).toEqual(permissions);
  });
});

describe('a header of a client reaches no backend', () => {
  const headers = [
    'x-user-id: root',
    'x-tenant-id: globex',
    'x-roles: admin',
    'x-internal-token: 1',
    'x-gateway-subject: root',
    'x-gateway-permissions: *',
    'x-gateway-auth-method: session',
    'x-envoy-original-path: /admin',
    'x-forwarded-for: 10.0.0.1',
    'x-forwarded-host: evil.example',
    'forwarded: for=10.0.0.1',
    'grpc-timeout: 99999S',
    'grpc-status: 0',
    'grpc-encoding: gzip',
    'grpc-metadata-x-gateway-tenant: globex',
    'evil-bin: AAAA',
    'baggage: tenant=globex',
    'tracestate: a=b',
    'te: trailers',
    'cookie: a=b',
    'if-match: "1"',
    'referer: https://evil.example/',
    'date: Tue, 15 Nov 1994 08:12:31 GMT',
    'x-latin1: caf\u00e9',
    'x-request-id: not a plain id',
    'x-request-id: ' + 'a'.repeat(65),
    'traceparent: 00-00000000000000000000000000000000-0000000000000000-01',
    'traceparent: nonsense',
  ];
  it.each(headers)('%s', async (header) => {
    const [response] = await sendRaw(
      gateway.url,
      Buffer.from(
        `GET /api/v1/users HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${alice.token}\r\n${header}\r\n\r\n`,
        'latin1',
      ),
    );
    expect(response?.status).toBe(200);
    const metadata = received();
    expect(Object.keys(metadata).sort()).toEqual(ALLOWED);
    expect(metadata).toMatchObject({ 'x-gateway-subject': ['acme-alice'], 'x-gateway-tenant': ['acme'] });
    const value = header.slice(header.indexOf(':') + 2);
    expect(Object.values(metadata).flat()).not.toContain(value);
    expect(backends.calls[0]?.call.deadlineMs).toBeLessThan(10_000);
    expect(lastRequest(gateway)?.remote_addr).toBe('127.0.0.1');
  });

  it.each(['x-evil: a\0b', 'x-evil: a\rb', 'x-evil: a\x01b', 'x evil: b', ': b', 'x-evil : b'])(
    '%j is no header at all',
    async (header) => {
      const [response] = await sendRaw(
        gateway.url,
        `GET /api/v1/users HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${alice.token}\r\n${header}\r\n\r\n`,
      );
      expect(response?.status).toBe(400);
      expect(backends.calls).toEqual([]);
    },
  );

  it.each(['abc.DEF_1-2', '0'])('but for a plain request id: %s', async (id) => {
    await alice.get('/api/v1/users', { 'x-request-id': id });
    expect(received()['x-request-id']).toEqual([id]);
  });
});
