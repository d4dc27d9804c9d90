import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { ListenerFiles, readListenerPem } from '../support/listener-files.js';
import { Scrape } from '../support/metrics.js';
import { addressOf, RawClient } from '../support/raw-client.js';

const files = new ListenerFiles();
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      ...files.env,
      OPS_PORT: '0',
      GATEWAY_TLS_HANDSHAKE_TIMEOUT: '1s',
      GATEWAY_RECOVERY_HOLD: '0s',
    },
  });
});
afterAll(async () => {
  await gateway.close();
  files.remove();
});

const metrics = () => Scrape.of(gateway.gateway.opsUrl ?? '');
const failures = async (reason: string) =>
  (await metrics()).sum(`gateway_tls_handshake_failures_total{reason="${reason}"}`);
const messages = () => gateway.lines.map(({ msg }) => String(msg));

/** Connects with the test authority as trust anchor. Returns the protocol, or the error code if the connection fails. */
async function handshake(options: ConnectionOptions = {}) {
  const socket = connectTls({ ...addressOf(gateway.url), ca: readListenerPem('authority'), ...options });
  try {
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    return {
      name: subject.CN,
      protocol: socket.getProtocol(),
      alpn: socket.alpnProtocol,
      cipher: socket.getCipher().name,
    };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
  }
}

describe('a listener with TLS', () => {
  it('says so in its URL, and answers', async () => {
    expect(gateway.url).toMatch(/^https:/);
    const client = (await RawClient.open(gateway.url)).send(
      'GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    await client.ended();
    expect(client.statuses).toEqual([200]);
    client.leave();
  });

  it.each([
    ['TLS 1.3 where the client knows it', {}, { name: 'first', protocol: 'TLSv1.3' }],
    [
      'TLS 1.2 with forward secrecy',
      { maxVersion: 'TLSv1.2' },
      { protocol: 'TLSv1.2', cipher: expect.stringMatching(/^ECDHE-.*(GCM|POLY1305)/) },
    ],
    ['HTTP/1.1 by ALPN', { ALPNProtocols: ['h2', 'http/1.1'] }, { alpn: 'http/1.1' }],
  ] as const)('speaks %s', async (_what, options, found) => {
    expect(await handshake(options as ConnectionOptions)).toMatchObject(found);
  });

  it.each([
    ['a client that knows HTTP/2 alone', { ALPNProtocols: ['h2'] }],
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['ciphers without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }],
    ['ciphers that are not authenticated', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }],
  ] as const)('refuses %s, and counts it', async (_what, options) => {
    const before = await failures('no_agreement');
    expect(await handshake(options as ConnectionOptions)).toMatch(/ALERT|UNSUPPORTED|VERSION/);
    await expect.poll(() => failures('no_agreement')).toBe(before + 1);
  });

  it('closes a connection of plain HTTP, and counts it', async () => {
    const before = await failures('not_tls');
    const client = await RawClient.open(gateway.url.replace('https:', 'http:'));
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.ended();
    client.leave();
    expect(client.statuses).toEqual([]);
    await expect.poll(() => failures('not_tls')).toBe(before + 1);
  });

  it.each([
    ['says nothing', () => undefined],
    [
      'sends a byte now and then',
      (send: (bytes: Buffer) => void) => {
        const hello = Buffer.from('16030100f4010000f00303'.padEnd(400, '0'), 'hex');
        let at = 0;
        return setInterval(() => send(hello.subarray(at, ++at)), 50);
      },
    ],
  ])('ends the handshake of a client that %s in time, and counts it', async (_what, begin) => {
    const before = await failures('timeout');
    const socket = connect({ ...addressOf(gateway.url), allowHalfOpen: true });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const timer = begin((bytes) => void socket.write(bytes));
    await once(socket.resume(), 'end');
    clearInterval(timer);
    socket.destroy();
    await expect.poll(() => failures('timeout')).toBe(before + 1);
  });

  it('tells when its certificate expires', async () => {
    const selector = 'gateway_tls_certificate_expiry_timestamp_seconds{used_for="listener",kind="server"}';
    expect((await metrics()).values(selector)).toHaveLength(1);
  });
});

describe('the certificate of a listener', () => {
  const name = async () => ((await handshake()) as { readonly name: string }).name;

  it('is read again when its files were replaced, and connections that are open go on', async () => {
    const open = await RawClient.open(gateway.url);
    files.use('renewed');
    await expect.poll(name).toBe('renewed');
    open.send('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => open.statuses).toEqual([200]);
    open.leave();
    expect(messages()).toContain('tls_certificate_reloaded');
  });

  it.each([
    ['a key of another certificate', () => files.use('server', 'renewed')],
    ['a file that is not PEM', () => files.replace(files.cert, 'nothing')],
    ['half a certificate', () => files.replace(files.cert, readListenerPem('server').subarray(0, 300))],
  ])('stays what it was with %s, which is told once, and so is the end of it', async (_what, spoil) => {
    const start = gateway.lines.length;
    const told = (msg: string) => gateway.lines.slice(start).filter((line) => String(line.msg).startsWith(msg)).length;
    spoil();
    await expect.poll(() => told('degraded component=listener_certificate')).toBe(1);
    expect((await metrics()).values('gateway_degraded{component="listener_certificate"}')).toEqual([1]);
    expect(await name()).toBe('renewed');
    files.use('renewed');
    await expect.poll(() => told('recovered component=listener_certificate')).toBe(1);
    expect(told('degraded component=listener_certificate')).toBe(1);
    expect(await name()).toBe('renewed');
  });
});
