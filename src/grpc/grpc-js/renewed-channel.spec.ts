import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerCredentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../../test/support/failure.js';
import { grpcBackend } from '../../../test/support/grpc-backend.js';
import { answer, frame, http2Stub, type Http2Reply, type Http2Stub } from '../../../test/support/http2-stub.js';
import { getUserCall, type Open, openGrpcJs, upstreamConfig } from '../../../test/support/transport.js';
import type { UpstreamTransport } from '../transport.js';
import { until, untilPasses } from '../../../test/support/until.js';

const PATH = getUserCall().method.path;
const ANSWER = answer(frame(Buffer.from('x')), { 'grpc-status': '0' });
const TLS_FILES = new URL('../../../test/support/tls/', import.meta.url);

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

function opened(target: string, grpc: Parameters<Open>[1] = {}): UpstreamTransport {
  const transport = openGrpcJs(upstreamConfig(target), grpc);
  toClose.push(() => transport.close());
  return transport;
}

async function stubbed(reply: Http2Reply): Promise<Http2Stub> {
  const stub = await http2Stub(reply);
  toClose.push(() => stub.close());
  return stub;
}

/** A TCP proxy that holds each connection until it is let through. */
async function gateTo(port: number): Promise<{ target: string; held: (() => void)[] }> {
  const held: (() => void)[] = [];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => undefined);
    toClose.push(
      () => near.destroy(),
      () => far.destroy(),
    );
    held.push(() => near.pipe(far).pipe(near));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  toClose.push(() => server.close());
  return { target: `ipv4:127.0.0.1:${(server.address() as AddressInfo).port}`, held };
}

/** A reply for streams, which never ends them, and for unary calls. */
const begun: Http2Reply = (stream, headers) => {
  if (headers['x-request-id'] !== 'stream') return ANSWER(stream, headers);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  stream.write(frame(Buffer.from('first')));
};
const streamCall = () =>
  getUserCall({ metadata: { 'x-request-id': 'stream' }, deadlineAt: performance.now() + 30_000 });

describe('a channel of grpc-js', () => {
  it('that is old gives way to another without a failed call, and ends with its last one', async () => {
    const stub = await stubbed(begun);
    const transport = opened(stub.target, { connectionMaxAgeMs: 40 });
    const stream = transport.serverStream(streamCall());
    await stream[Symbol.asyncIterator]().next();
    while (stub.sessions.length < 3) await transport.unary(getUserCall());
    await until(() => stub.sessions[1]?.destroyed);
    expect(stub.sessions[0]?.destroyed).toBe(false);
    expect(transport.report().endpoints).toContainEqual(expect.objectContaining({ state: 'retiring', inFlight: 1 }));
    stream.cancel();
    await until(() => stub.sessions[0]?.destroyed);
  });

  it('that is old stays while no other can be made', async () => {
    const stub = await stubbed(ANSWER);
    const transport = opened(stub.target, { connectionMaxAgeMs: 10 });
    await transport.unary(getUserCall());
    const attempts = stub.refuse();
    await until(() => attempts() > 1);
    expect(await transport.unary(getUserCall())).toEqual(Buffer.from('x'));
  });

  it('of which many calls were given up is replaced before its backend minds', async () => {
    const stub = await stubbed(begun);
    const transport = opened(stub.target);
    for (let round = 0; round < 25; round++) {
      const left = Array.from({ length: 100 }, async () => {
        for await (const message of transport.serverStream(streamCall())) {
          expect(message).toEqual(Buffer.from('first'));
          return;
        }
      });
      await Promise.all(left);
      expect(await transport.unary(getUserCall())).toEqual(Buffer.from('x'));
    }
    expect(stub.sessions.length).toBeGreaterThan(4);
  });

  it('that gives way fails no call that waits for its connection', async () => {
    const stub = await stubbed(ANSWER);
    const gate = await gateTo(Number(stub.target.split(':').at(-1)));
    const transport = opened(gate.target, { connectionMaxAgeMs: 30 });
    const deadlineAt = performance.now() + 20_000;
    const calls = Array.from({ length: 20 }, () => transport.unary(getUserCall({ deadlineAt })));
    await until(() => gate.held.length === 2);
    // The second channel is first.
    for (const pass of gate.held.toReversed()) pass();
    expect(await Promise.all(calls)).toEqual(Array(20).fill(Buffer.from('x')));
    expect(await transport.unary(getUserCall({ deadlineAt }))).toEqual(Buffer.from('x'));
  });

  it('from which nothing comes is replaced, although nobody pings', async () => {
    const stub = await stubbed(ANSWER);
    const transport = opened(stub.target);
    await transport.unary(getUserCall());
    stub.reply = () => undefined;
    const slow = await failureOf(transport.unary(getUserCall({ deadlineAt: performance.now() + 1_100 })));
    expect(slow.error.code).toBe('UPSTREAM_TIMEOUT');
    await until(() => stub.sessions.length === 2);
  });

  it('of which the calls are slow and others are answered is kept', async () => {
    const stub = await stubbed((stream, headers) => {
      if (headers['x-request-id'] !== 'slow') ANSWER(stream, headers);
    });
    const transport = opened(stub.target);
    const slow = failureOf(
      transport.unary(getUserCall({ metadata: { 'x-request-id': 'slow' }, deadlineAt: performance.now() + 1_100 })),
    );
    const until = performance.now() + 1_000;
    while (performance.now() < until) await transport.unary(getUserCall());
    await slow;
    await transport.unary(getUserCall());
    expect(stub.sessions).toHaveLength(1);
  });

  it('has the certificates of its files, also when they are exchanged', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'grpc-js-tls-'));
    toClose.push(() => rmSync(folder, { recursive: true }));
    cpSync(TLS_FILES, folder, { recursive: true });
    const read = (name: string): Buffer => readFileSync(join(folder, `${name}.pem`));
    const keys = [{ private_key: read('server-key'), cert_chain: read('server') }];
    const credentials = ServerCredentials.createSsl(read('ca'), keys);
    const backend = await grpcBackend({ unary: { [PATH]: ({ request }) => request }, credentials });
    toClose.push(() => backend.close());
    const caFile = join(folder, 'ca.pem');
    const good = read('ca');
    writeFileSync(caFile, read('client'));
    const tls = { mode: 'tls', caFile, certFile: undefined, keyFile: undefined, serverName: 'user.internal' } as const;
    const transport = openGrpcJs(upstreamConfig(backend.target, { tls }), { resolveIntervalMs: 20 });
    toClose.push(() => transport.close());
    expect((await failureOf(transport.unary(getUserCall()))).failure.connection).toBe('tls');
    writeFileSync(caFile, 'half of a');
    writeFileSync(caFile, good);
    await untilPasses(async () => expect(await transport.unary(getUserCall())).toEqual(Buffer.from('request')));
  });
});
