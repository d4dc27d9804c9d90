import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { failureOf } from '../../../test/support/failure.js';
import { grpcBackend } from '../../../test/support/grpc-backend.js';
import { answer, frame, http2Stub, type Http2Stub } from '../../../test/support/http2-stub.js';
import { getUserCall, openGrpcJs, upstreamConfig } from '../../../test/support/transport.js';
import { until } from '../../../test/support/until.js';

const PATH = getUserCall().method.path;

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of toClose.splice(0).reverse()) await close();
});

function opened(...args: Parameters<typeof openGrpcJs>): ReturnType<typeof openGrpcJs> {
  const transport = openGrpcJs(...args);
  toClose.push(() => transport.close());
  return transport;
}

/** A proxy that takes CONNECT; the targets that it was asked for. */
async function connectProxy(): Promise<{ url: string; targets: string[] }> {
  const targets: string[] = [];
  const server = createServer().listen(0, '127.0.0.1');
  server.on('connect', ({ url = '' }, socket) => {
    targets.push(url);
    const onward = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const each of [socket, onward]) each.on('error', () => undefined);
  });
  await once(server, 'listening');
  toClose.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, targets };
}

describe('what the transport over grpc-js can and the other cannot', () => {
  it.each([true, false])(
    'is to go through the HTTP proxy of the environment, if it is told to: %s',
    async (httpProxy) => {
      const backend = await grpcBackend({ unary: { [PATH]: ({ request }) => request } });
      toClose.push(() => backend.close());
      const proxy = await connectProxy();
      vi.stubEnv('grpc_proxy', proxy.url);
      vi.stubEnv('no_proxy', '');
      vi.stubEnv('no_grpc_proxy', '');
      const target = backend.target.replace('127.0.0.1', 'localhost');
      expect(await opened(upstreamConfig(target), { httpProxy }).unary(getUserCall())).toEqual(Buffer.from('request'));
      expect(proxy.targets.length > 0).toBe(httpProxy);
    },
  );

  it.each([
    ['round_robin when it has none', undefined, 2],
    ['pick_first when it says so', '{"loadBalancingConfig":[{"pick_first":{}}]}', 1],
  ])('is to spread calls as a service config says: %s', async (_, serviceConfig, expected) => {
    const reply = answer(frame(Buffer.from('x')), { 'grpc-status': '0' });
    const stubs: Http2Stub[] = [await http2Stub(reply), await http2Stub(reply)];
    toClose.push(() => Promise.all(stubs.map((stub) => stub.close())));
    const target = `ipv4:${stubs.map((stub) => stub.target.replace('ipv4:', '')).join(',')}`;
    const transport = opened(upstreamConfig(target), { serviceConfig });
    const reached = () => stubs.filter(({ calls }) => calls.length > 0).length;
    for (let calls = 0; calls < 200 && reached() < 2; calls++) await transport.unary(getUserCall());
    expect(reached()).toBe(expected);
  });

  it('is to ask for an xDS name, which refuses to start without a resolver for it', () => {
    expect(() => openGrpcJs(upstreamConfig('xds:///users'))).toThrow(/xds/);
  });
});

describe('the transport over grpc-js', () => {
  it('reaches an upstream that no contract has a service of', async () => {
    const path = '/standby.v1.Other/Do';
    const backend = await grpcBackend({ unary: { [path]: ({ request }) => request } });
    toClose.push(() => backend.close());
    const method = { upstream: 'standby', service: 'standby.v1.Other', name: 'Do', path };
    const transport = opened(upstreamConfig(backend.target, { name: 'standby' }));
    expect(await transport.unary(getUserCall({ method }))).toEqual(Buffer.from('request'));
  });

  it('sends no message that is larger than the settings allow', async () => {
    const stub = await http2Stub();
    toClose.push(() => stub.close());
    const { error } = await failureOf(
      opened(upstreamConfig(stub.target)).unary(getUserCall({ request: Buffer.alloc(70_000) })),
    );
    expect(error.code).toBe('PAYLOAD_TOO_LARGE');
    expect(stub.calls).toEqual([]);
  });

  it('counts one endpoint for all connections of a channel, and says what is on it', async () => {
    const stub = await http2Stub();
    toClose.push(() => stub.close());
    const transport = opened(upstreamConfig(stub.target));
    const call = failureOf(transport.unary(getUserCall({ deadlineAt: performance.now() + 60_000 })));
    await until(() => stub.calls.length === 1);
    expect(transport.endpointCounts()).toEqual({ ready: 1, connecting: 0, ejected: 0 });
    expect(transport.report()).toEqual({
      endpoints: [{ address: stub.target, state: 'ready', inFlight: 1, lastFailure: undefined }],
      waiting: 0,
    });
    for (const session of stub.sessions) session.destroy();
    expect((await call).failure.connection).toBe('reset');
    const [endpoint] = transport.report().endpoints;
    expect(endpoint).toMatchObject({ inFlight: 0, lastFailure: { reason: 'reset' } });
  });
});
