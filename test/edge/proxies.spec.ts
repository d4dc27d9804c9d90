import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Server } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { DEBIAN_LIBRARIES, findDebianTool } from '../support/debian-tools.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { ListenerFiles, readListenerPem } from '../support/listener-files.js';
import { until } from '../support/until.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/in-front.md'), 'utf8');
/** Not that of the proxy: all of 127.0.0.0/8 is this machine. */
const CLIENT = '127.0.0.2';
const CHUNKED = '/api/v1/ai:stream';

const files = new ListenerFiles();
let sandbox: SandboxEnvironment;
let token: string;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
  token = await sandbox.issueToken('alice@acme.test');
});
afterAll(async () => {
  await sandbox.close();
  files.remove();
});

const PROXIES = { nginx: nginxArguments, haproxy: haproxyArguments };

/** The configuration of the page, with the ports and files of this test. */
function configuration(language: string, ports: Readonly<Record<string, string>>): string {
  const [, text = ''] = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(PAGE) ?? [];
  return Object.entries(ports).reduce((all, [from, to]) => {
    expect(all).toContain(from);
    return all.replaceAll(from, to);
  }, text);
}

function nginxArguments(ports: Readonly<Record<string, string>>): string[] {
  const path = join(files.folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(files.folder, kind)};`,
  );
  const text = configuration('nginx', {
    ...ports,
    '/etc/nginx/tls/tls.crt': files.cert,
    '/etc/nginx/tls/tls.key': files.key,
  });
  writeFileSync(path, text.replace('http {', `http {\n  access_log off;\n  ${temporary.join('\n  ')}`));
  const globals = `daemon off; pid ${join(files.folder, 'nginx.pid')}; error_log stderr;`;
  return [
    '-e',
    'stderr',
    '-p',
    files.folder,
    '-c',
    path,
    '-g',
    process.getuid?.() === 0 ? `user root; ${globals}` : globals,
  ];
}

function haproxyArguments(ports: Readonly<Record<string, string>>): string[] {
  const path = join(files.folder, 'haproxy.cfg');
  const pem = join(files.folder, 'haproxy.pem');
  writeFileSync(pem, Buffer.concat([readListenerPem('server'), readListenerPem('server-key')]));
  writeFileSync(path, configuration('haproxy', { ...ports, '/etc/haproxy/tls.pem': pem }));
  return ['-f', path];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.each(Object.entries(PROXIES))('behind %s, as the page sets it up', (name, argumentsOf) => {
  let gateways: TestGateway[] = [];
  let proxy: ChildProcess;
  let ended: Promise<unknown>;
  let port: number;
  let connections = 0;

  beforeAll(async () => {
    const env = { GATEWAY_TRUSTED_PROXIES: '127.0.0.1', GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '3s' };
    gateways = [await startTestGateway({ sandbox, env }), await startTestGateway({ sandbox, env })];
    for (const { gateway } of gateways)
      (gateway.app.getHttpServer() as Server).on('connection', () => (connections += 1));
    const [one = '', two = ''] = gateways.map(({ url }) => new URL(url).port);
    port = await freePort();
    const program = findDebianTool(name);
    const ports = { '127.0.0.1:8080': `127.0.0.1:${one}`, '127.0.0.1:8081': `127.0.0.1:${two}`, '8443': String(port) };
    proxy = spawn(program, argumentsOf(ports), {
      env: { ...process.env, LD_LIBRARY_PATH: DEBIAN_LIBRARIES },
      stdio: 'ignore',
    });
    ended = once(proxy, 'exit');
    await until(async () => (await ask('/livez').catch(() => undefined))?.status === 200);
  });
  afterAll(async () => {
    // A master that is killed leaves its workers behind.
    proxy.kill('SIGTERM');
    await ended;
    await Promise.all(gateways.map(({ gateway }) => gateway.drain()));
  });

  async function session(): Promise<ClientHttp2Session> {
    const socket = connectTls({
      socket: connect({ host: '127.0.0.1', port, localAddress: CLIENT }),
      ca: readListenerPem('authority'),
      ALPNProtocols: ['h2'],
    });
    await once(socket, 'secureConnect');
    expect(socket.alpnProtocol).toBe('h2');
    const client = connectHttp2(`https://localhost:${port}`, { createConnection: () => socket });
    client.on('error', () => undefined);
    return client;
  }

  function open(client: ClientHttp2Session, path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
    const stream = client.request({ ':path': path, authorization: `Bearer ${token}`, ...headers });
    stream.on('error', () => undefined);
    return stream.setEncoding('utf8');
  }

  async function ask(path: string, headers?: Record<string, string>, client?: ClientHttp2Session) {
    const used = client ?? (await session());
    const stream = open(used, path, headers);
    const closed = once(stream, 'close').then(() => Promise.reject(new Error('the stream closed without an answer')));
    closed.catch(() => undefined);
    const [head] = (await Promise.race([once(stream, 'response'), closed])) as [Record<string, unknown>];
    let body = '';
    for await (const text of stream) body += String(text);
    if (client === undefined) used.close();
    return { status: Number(head[':status']), requestId: String(head['x-request-id']), body };
  }

  it('a browser has HTTP/2, and the gateway its address, whatever it says itself', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' };
    const { status, requestId } = await ask('/api/v1/users?page_size=1', headers);
    expect(status).toBe(200);
    const line = () => gateways.flatMap(({ lines }) => lines).find(({ request_id }) => request_id === requestId);
    await expect.poll(() => line()?.remote_addr).toBe(CLIENT);
  });

  it('requests share connections to the gateway', async () => {
    const before = connections;
    const client = await session();
    for (let n = 0; n < 40; n++) expect((await ask('/api/v1/users?page_size=1', {}, client)).status).toBe(200);
    client.close();
    // Those with which HAProxy looks at health are among them.
    expect(connections - before).toBeLessThan(20);
  });

  it('messages of a stream come as they are sent, and the gateway learns that a client left', async () => {
    sandbox.calls.clear();
    const client = await session();
    const body = JSON.stringify({ query: 'stream 1000 tokens slow 200ms' });
    const stream = client.request({
      ':method': 'POST',
      ':path': CHUNKED,
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      'content-type': 'application/json',
    });
    stream.on('error', () => undefined).end(body);
    let events = '';
    stream.setEncoding('utf8').on('data', (text: string) => (events += text));
    await expect.poll(() => events).toContain('id: 2\n');
    stream.close();
    client.destroy();
    const outcome = () => sandbox.calls.list().find(({ method }) => method === '/ai.v1.AIService/StreamQuery')?.outcome;
    await expect.poll(outcome).not.toBeNull();
    expect(events).not.toContain('event: end');
  });

  it('an instance that drains loses no request', async () => {
    let client = await session();
    const statuses = new Map<number, number>();
    let isOver = false;
    const asking = (async () => {
      for (let n = 1; !isOver; n++) {
        // nginx ends a session after 1,000 requests.
        if (n % 500 === 0) {
          client.close();
          client = await session();
        }
        const { status } = await ask('/api/v1/users?page_size=1', {}, client);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    })();
    await gateways[0]?.gateway.drain();
    const after = statuses.get(200) ?? 0;
    await expect.poll(() => statuses.get(200) ?? 0).toBeGreaterThan(after + 20);
    isOver = true;
    await asking;
    client.close();
    expect([...statuses.keys()]).toEqual([200]);
  });
});
