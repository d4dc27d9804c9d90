import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Server } from '@grpc/grpc-js';
import { HealthImplementation, type ServingStatusMap } from 'grpc-health-check';
import { afterEach, describe, expect, it } from 'vitest';
import { grpcBackend } from '../../test/support/grpc-backend.js';
import { answer, frame, html, http2Stub, type Http2Reply, trailersOnly } from '../../test/support/http2-stub.js';
import { type Open, openUpstreams, TRANSPORTS, upstreamConfig } from '../../test/support/transport.js';
import { askHealth, UpstreamHealth, type UpstreamVerdict } from './upstream-health.js';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

const askOver =
  (open: Open) =>
  async (target: string, deadlineMs = 2_000): Promise<UpstreamVerdict> => {
    const transport = open(upstreamConfig(target));
    toClose.push(() => transport.close());
    return askHealth('user', transport, deadlineMs);
  };

async function healthServer(statuses: ServingStatusMap): Promise<string> {
  const backend = await grpcBackend({});
  toClose.push(() => backend.close());
  new HealthImplementation(statuses).addToServer(backend.server as Server);
  return backend.target;
}

async function stubbed(reply: Http2Reply): Promise<string> {
  const stub = await http2Stub(reply);
  toClose.push(() => stub.close());
  return stub.target;
}

const MALFORMED = answer(frame(Buffer.from([0xff, 0xff])), { 'grpc-status': '0' });

describe.each(TRANSPORTS)('the health of an upstream over $name', ({ open }) => {
  const check = askOver(open);

  it.each([
    ['SERVING', true, 'serving'],
    ['NOT_SERVING', false, 'not_serving'],
    ['UNKNOWN', false, 'not_serving'],
  ] as const)('is %s as its health service says', async (status, serving, text) => {
    expect(await check(await healthServer({ '': status }))).toEqual({
      serving,
      text,
      ms: expect.any(Number) as number,
    });
  });

  it('is good when a server without the health service answers', async () => {
    const backend = await grpcBackend({});
    toClose.push(() => backend.close());
    expect(await check(backend.target)).toMatchObject({ serving: true, text: 'unimplemented' });
  });

  it('is bad when nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await check(`dns:///127.0.0.1:${port}`)).toMatchObject({ serving: false, text: 'refused' });
  });

  it.each([
    ['a health service that refuses', trailersOnly({ 'grpc-status': '7' }), 'failed: PERMISSION_DENIED'],
    ['a web server', html(404), 'no gRPC server'],
    ['a malformed answer', MALFORMED, 'not_serving'],
    ['silence', () => undefined, 'timeout'],
  ] as const)('is bad with %s', async (_, reply, text) => {
    expect(await check(await stubbed(reply), 300)).toMatchObject({ serving: false, text });
  });

  it('is bad when its name is unknown', async () => {
    expect(await check('dns:///nobody.invalid:1')).toMatchObject({ serving: false, text: 'dns: no such host' });
  });

  it('is bad for an upstream without an address', async () => {
    expect(await new UpstreamHealth(openUpstreams(new Map())).check('user', 100)).toMatchObject({
      serving: false,
      text: 'failed',
    });
  });
});
