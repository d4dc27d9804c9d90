import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendView } from '../support/backend-view.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { sendRaw } from '../support/raw-http.js';

const OWN = 'acme';
const OTHER = 'globex';
const PLACES = ['none', OWN, OTHER] as const;
type Place = (typeof PLACES)[number];

/** `absent`: the request has none and is a GET. */
const BODIES = ['absent', ...PLACES] as const;

/** Header lines by which clients and proxies elsewhere say in whose name they come. */
const HEADERS = [
  'none',
  `X-Tenant-Id: ${OWN}`,
  `X-Tenant-Id: ${OTHER}`,
  `X-Tenant-Id: ${OWN}, ${OTHER}`,
  `X-Tenant-Id: ${OWN}\r\nX-Tenant-Id: ${OTHER}`,
  `X-Tenant-Id: ${OWN.toUpperCase()}`,
  `X-Tenant-Id: ${OTHER}\0`,
  `X-Tenant-Id:   ${OTHER}   `,
  `X_Tenant_Id: ${OTHER}`,
  `X-Gateway-Tenant: ${OTHER}`,
  `X-Gateway-Tenant-Bin: ${OTHER}`,
  `Grpc-Metadata-X-Gateway-Tenant: ${OTHER}`,
  `Tenant: ${OTHER}`,
  `Baggage: tenant_id=${OTHER}`,
  `Forwarded: host=${OTHER}.example`,
];

interface Case {
  readonly header: string;
  readonly path: Place;
  readonly query: Place;
  readonly body: (typeof BODIES)[number];
}

let gateway: TestGateway;
let backends: BackendView;
let token: string;
let serial = 0;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_HEALTH_INTERVAL: '1h' } });
  const alice = await Client.of(gateway, 'alice@acme.test');
  token = alice.token;
  await alice.get('/api/v1/me');
  backends = new BackendView(gateway.sandbox);
});
afterAll(() => gateway.close());

/** Writes a request as it is: an HTTP client would mend or refuse most of these. */
async function send({ header, path, query, body }: Case): Promise<number> {
  const target = path === 'none' ? '/api/v1/users' : `/api/v1/tenants/${path}/users`;
  const content =
    body === 'absent' ? '' : JSON.stringify({ ...fields(path), ...(body !== 'none' && { tenantId: body }) });
  const [response] = await sendRaw(
    gateway.url,
    [
      `${body === 'absent' ? 'GET' : 'POST'} ${target}${query === 'none' ? '' : `?tenant_id=${query}`} HTTP/1.1`,
      'Host: gateway',
      'Connection: close',
      `Authorization: Bearer ${token}`,
      ...(header === 'none' ? [] : [header]),
      ...(body === 'absent' ? [] : ['Content-Type: application/json', `Content-Length: ${content.length}`]),
      '',
      content,
    ].join('\r\n'),
  );
  return response?.status ?? 0;
}

function fields(path: Place): object {
  const username = `user-${++serial}`;
  return path === 'none' ? { username, email: `${username}@acme.test` } : { userId: 'globex-carol' };
}

const cases = (headers: readonly string[]): Case[] =>
  headers.flatMap((header) =>
    PLACES.flatMap((path) => PLACES.flatMap((query) => BODIES.map((body) => ({ header, path, query, body })))),
  );

describe('a token of one tenant, with any other tenant named anywhere', () => {
  it.each(HEADERS)('header %j', async (header) => {
    const statuses = new Map<string, number>();
    for (const each of cases([header])) {
      const { path, query, body } = each;
      const label = `header ${JSON.stringify(header)}, path ${path}, query ${query}, body ${body}`;
      backends.clear();
      const status = await send(each);
      statuses.set(`${path} ${query} ${body}`, status);
      expect(status, label).toBeGreaterThanOrEqual(200);
      expect(status, label).toBeLessThan(500);
      if ([path, query, body].includes(OTHER) || header.includes('\0')) {
        expect([400, 403], `${label} answered ${status}`).toContain(status);
        expect(backends.calls, label).toEqual([]);
      }
      if (backends.calls.length === 0) expect(status, label).toBeGreaterThanOrEqual(400);
      for (const seen of [backends.tenantsInMetadata, backends.tenantsInRequests]) {
        expect(seen, label).toEqual(backends.calls.length === 0 ? [] : [OWN]);
      }
    }
    if (header.includes('\0')) return;
    const expected = {
      'none none absent': 200,
      [`none ${OWN} absent`]: 200,
      [`${OWN} none absent`]: 200,
      'none none none': 201,
      [`none none ${OWN}`]: 201,
      [`none ${OTHER} absent`]: 403,
      [`${OTHER} none absent`]: 403,
      [`none none ${OTHER}`]: 403,
    };
    expect(Object.fromEntries(statuses)).toMatchObject(expected);
  });
});
