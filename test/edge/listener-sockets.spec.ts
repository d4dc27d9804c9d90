import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxEnvironment } from '../../sandbox/environment.js';
import { startSandbox } from '../../sandbox/environment.js';
import { CrashWatch } from '../support/crash-watch.js';
import { startTestGateway, type LogLine, type TestGateway } from '../support/gateway.js';
import { ListenerFiles } from '../support/listener-files.js';
import { metric } from '../support/metrics.js';
import { RawClient } from '../support/raw-client.js';
import { SOCKET_ENDINGS, SOCKET_EVENTS } from '../support/socket-events.js';

const CONNECTIONS = 40;
const LIMITS = {
  OPS_PORT: '0',
  GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
  GATEWAY_MAX_CONNECTIONS: String(CONNECTIONS),
  GATEWAY_KEEP_ALIVE_TIMEOUT: '2s',
  GATEWAY_HEADERS_TIMEOUT: '2s',
  GATEWAY_RECEIVE_TIMEOUT: '2s',
  GATEWAY_STREAM_WRITE_TIMEOUT: '1s',
};
const files = new ListenerFiles();

let sandbox: SandboxEnvironment;
let crashes: CrashWatch;
const gateways = new Map<string, TestGateway>();
const gatewayOf = (kind: string) => gateways.get(kind) as TestGateway;

beforeAll(async () => {
  crashes = new CrashWatch();
  sandbox = await startSandbox({ faultServer: false, idp: false });
  for (const kind of ['TLS', 'a Unix socket']) {
    const own = kind === 'TLS' ? files.env : { GATEWAY_LISTEN: `unix:${files.socket}` };
    gateways.set(kind, await startTestGateway({ sandbox, env: { ...LIMITS, ...own } }));
  }
});
afterAll(async () => {
  crashes.close();
  for (const { gateway } of gateways.values()) await gateway.drain();
  await sandbox.close();
  files.remove();
});

const isLine = (line: LogLine) => line.logger === 'AUTH_DECISION';
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** Resolves when the line of whatever was sent before has been written. */
async function linesWritten({ gateway, lines }: TestGateway): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await fetch(`${gateway.opsUrl}/livez`);
    const { headers } = await fetch(`${gateway.adminUrl}/admin/ping`);
    const id = headers.get('x-request-id');
    await expect.poll(() => lines.some(({ request_id }) => request_id === id)).toBe(true);
  }
}

describe.each(['TLS', 'a Unix socket'])('a listener with %s', (kind) => {
  it.each(Object.entries(SOCKET_ENDINGS))(
    '%s has one line, whatever came before it, and leaves nothing behind',
    async (ending, end) => {
      const gateway = gatewayOf(kind);
      const linesSince = (start: number) => gateway.lines.slice(start).filter(isLine);
      const clients: RawClient[] = [];
      for (const [event, bytes] of Object.entries(SOCKET_EVENTS)) {
        const start = gateway.lines.length;
        const client = await RawClient.open(gateway.url);
        clients.push(client);
        const isRead = await end(client, bytes);
        if (isRead) await expect.poll(() => linesSince(start).length, { message: event }).toBe(1);
        await linesWritten(gateway);
        expect(linesSince(start).length, event).toBeLessThanOrEqual(1);
        expect(crashes.crashes, event).toEqual([]);
      }
      if (ending === 'silence') await Promise.all(clients.map((client) => client.ended()));
      for (const client of clients) client.leave();
    },
  );

  it('has a limit of connections, all of which can be had', async () => {
    const { url, gateway } = gatewayOf(kind);
    const refused = async () =>
      (await metric(gateway.opsUrl ?? '', 'gateway_client_connections_refused_total', { reason: 'limit' })) ?? 0;
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => RawClient.open(url)));
    for (const client of clients) client.send(get('/livez'));
    await expect.poll(() => clients.every(({ statuses }) => statuses[0] === 200)).toBe(true);
    const before = await refused();
    const further = await RawClient.open(url).catch(() => undefined);
    await further?.ended();
    further?.leave();
    await expect.poll(refused).toBe(before + 1);
    for (const client of clients) client.leave();
    const server = gateway.app.getHttpServer() as Server;
    const open = () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
    await expect.poll(open).toBe(0);
  });

  it('ends what never ends, what is idle and what says nothing at all, in time', async () => {
    const { url } = gatewayOf(kind);
    const sent = {
      'a head': 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ',
      'a body': 'POST /api/v1/ai HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{',
      idle: get('/livez'),
      nothing: '',
    };
    const ends = Object.entries(sent).map(async ([what, bytes]) => {
      const client = (await RawClient.open(url)).send(bytes);
      await client.ended();
      client.leave();
      return [what, client.statuses];
    });
    expect(Object.fromEntries(await Promise.all(ends))).toEqual({
      'a head': [408],
      'a body': [408],
      idle: [200],
      nothing: [408],
    });
  });

  it('ends a stream whose client reads nothing', async () => {
    const { url, gateway } = gatewayOf(kind);
    const stalled = () => metric(gateway.opsUrl ?? '', 'gateway_stalled_clients_total');
    const before = (await stalled()) ?? 0;
    const body = JSON.stringify({ query: 'stream 100000 tokens of 65536 bytes slow 0ms' });
    const authorization = `Authorization: Bearer ${await sandbox.issueToken('alice@acme.test')}`;
    const head = ['POST /api/v1/ai:stream HTTP/1.1', 'Host: localhost', authorization, 'Accept: text/event-stream'];
    const client = (await RawClient.open(url)).pause();
    const content = ['Content-Type: application/json', `Content-Length: ${body.length}`];
    client.send(`${[...head, ...content].join('\r\n')}\r\n\r\n${body}`);
    await expect.poll(stalled, { timeout: 40_000 }).toBe(before + 1);
    client.leave();
  });
});
