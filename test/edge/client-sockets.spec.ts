import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CrashWatch } from '../support/crash-watch.js';
import { startTestGateway, type LogLine, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';
import { RawClient } from '../support/raw-client.js';
import { SOCKET_ENDINGS, SOCKET_EVENTS } from '../support/socket-events.js';

const CONNECTIONS = 40;

let gateway: TestGateway;
let crashes: CrashWatch;

beforeAll(async () => {
  crashes = new CrashWatch();
  gateway = await startTestGateway({
    env: {
      OPS_PORT: '0',
      GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
      GATEWAY_MAX_CONNECTIONS: String(CONNECTIONS),
      GATEWAY_KEEP_ALIVE_TIMEOUT: '2s',
      GATEWAY_HEADERS_TIMEOUT: '2s',
      GATEWAY_RECEIVE_TIMEOUT: '2s',
    },
  });
});
afterAll(async () => {
  crashes.close();
  await gateway.close();
});

const PORTS = {
  main: () => gateway.url,
  ops: () => gateway.gateway.opsUrl ?? '',
  admin: () => gateway.gateway.adminUrl ?? '',
};

const isLine = (line: LogLine) =>
  line.logger === 'AUTH_DECISION' || (String(line.msg).startsWith('admin_action ') && line.path !== '/admin/ping');
const linesSince = (start: number) => gateway.lines.slice(start).filter(isLine);

/** Resolves when the line of whatever was sent before has been written: what waits to be accepted is read one turn of the event loop later. */
async function linesWritten(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await fetch(`${PORTS.main()}/livez`);
    await fetch(`${PORTS.ops()}/livez`);
    const { headers } = await fetch(`${PORTS.admin()}/admin/ping`);
    const isWritten = () => gateway.lines.some(({ request_id }) => request_id === headers.get('x-request-id'));
    await expect.poll(isWritten).toBe(true);
  }
}

describe.each(Object.entries(PORTS))('on the %s port', (port, url) => {
  it.each(Object.entries(SOCKET_ENDINGS))(
    '%s has one line, whatever came before it, and leaves nothing behind',
    async (ending, end) => {
      const clients: RawClient[] = [];
      for (const [event, bytes] of Object.entries(SOCKET_EVENTS)) {
        const start = gateway.lines.length;
        const client = await RawClient.open(url());
        clients.push(client);
        const isRead = await end(client, bytes);
        if (isRead) await expect.poll(() => linesSince(start).length, { message: event }).toBe(1);
        await linesWritten();
        expect(linesSince(start).length, event).toBeLessThanOrEqual(1);
        // The kernel forgets the address of a connection that is reset before it is accepted.
        const addresses = isRead ? ['127.0.0.1'] : ['127.0.0.1', ''];
        for (const line of linesSince(start)) expect(addresses).toContain(line['remote_addr'] ?? line['caller']);
        expect(crashes.crashes, event).toEqual([]);
      }
      if (ending === 'silence') await Promise.all(clients.map((client) => client.ended()));
      for (const client of clients) client.leave();
    },
  );

  it('every connection that the limit allows can be had afterwards', async () => {
    const limit = port === 'admin' ? 16 : CONNECTIONS;
    const path = port === 'admin' ? '/admin/ping' : '/livez';
    const served = async () => {
      const clients = await Promise.all(Array.from({ length: limit }, () => RawClient.open(url())));
      for (const client of clients) client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      await Promise.all(clients.map((client) => client.ended()));
      for (const client of clients) client.leave();
      return clients.filter(({ statuses }) => statuses[0] === 200).length;
    };
    await expect.poll(served).toBe(limit);
  });
});

describe('what interrupts a connection in the middle of something', () => {
  const settled = () => metric(PORTS.ops(), 'gateway_in_flight_requests');
  const token = () => gateway.sandbox.issueToken('alice@acme.test');
  const large = (authorization: string) =>
    `POST /api/v1/ai HTTP/1.1\r\nHost: a\r\n${authorization}\r\nContent-Type: application/json\r\nContent-Length: 9999999\r\n\r\n${' '.repeat(400_000)}`;
  const slow = (authorization: string) => {
    const body = '{"query":"slow 5000ms"}';
    return `POST /api/v1/ai HTTP/1.1\r\nHost: a\r\n${authorization}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  const get = 'GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n';
  const cases: [string, (authorization: string) => string][] = [
    ['pipelined requests', (authorization) => get.repeat(20) + slow(authorization) + get.repeat(20)],
    [
      'pipelined requests and a tunnel',
      (authorization) => slow(authorization) + get + (SOCKET_EVENTS['CONNECT'] ?? ''),
    ],
    ['a body that is refused while it is sent', large],
    ['a stream of requests that are refused', () => 'GET / HTTP/1.1\r\n\r\n'.repeat(50)],
    ['a request that an upstream works on', slow],
    [
      'headers that are too large, again and again',
      () => (SOCKET_EVENTS['a header that is too large'] ?? '').repeat(5),
    ],
  ];
  it.each(cases)('a reset within %s harms nobody, whenever it comes', async (_what, bytesOf) => {
    const bytes = bytesOf(`Authorization: Bearer ${await token()}`);
    for (const end of ['reset', 'leave', 'halfClose'] as const) {
      for (const part of [0.2, 0.5, 0.9, 1]) {
        const client = await RawClient.open(gateway.url);
        client.send(bytes.slice(0, Math.floor(bytes.length * part)));
        // What is sent so far may or may not have been read: both must do.
        await fetch(`${PORTS.ops()}/livez`);
        client[end]();
        if (end === 'halfClose') await client.ended();
        client.leave();
      }
    }
    await linesWritten();
    await expect.poll(settled).toBe(0);
    expect(crashes.crashes).toEqual([]);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
  });
});

describe('an address with a limit', () => {
  it('has used it up with what is not a request, on every port where it holds', async () => {
    const limited = await startTestGateway({
      env: { GATEWAY_RATE_LIMIT_IP_RPS: '1', GATEWAY_RATE_LIMIT_IP_BURST: '3', OPS_PORT: '0' },
    });
    try {
      for (const url of [limited.url, limited.gateway.opsUrl ?? '']) {
        for (const event of ['CONNECT', 'a TLS hello', 'a header that is too large', 'an expectation']) {
          const statuses: (number | undefined)[] = [];
          for (let n = 0; n < 5; n++) {
            const client = (await RawClient.open(url)).send(SOCKET_EVENTS[event] ?? '');
            await client.ended();
            client.leave();
            statuses.push(client.statuses[0]);
            expect(client.statuses).toHaveLength(1);
            expect(client.answers[0]?.headers['connection']).toBe('close');
          }
          expect(statuses, event).toContain(429);
        }
      }
    } finally {
      await limited.close();
    }
  });
});
