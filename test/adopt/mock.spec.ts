import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { DescMethod, JsonObject, JsonValue } from '@bufbuild/protobuf';
import { type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { loadDescriptors } from '../../src/contract/descriptors.js';
import { type Mock, type MockOptions, startMock } from '../../src/testing/mock/mock-server.js';
import { gatewayCommand } from '../support/gateway-command.js';
import { ByteClient } from './byte-client.js';
import { type CompiledProto, compileProto } from '../support/compile-proto.js';
import { builtFile } from '../support/gateway-process.js';
import { ORDERS_PROTO } from './mocked-orders.js';

let proto: CompiledProto;
let mock: Mock;
let client: ByteClient;

beforeAll(async () => {
  proto = compileProto(ORDERS_PROTO);
  mock = await startMock(loadDescriptors([proto.path]), { items: 23, stream: { messages: 3, intervalMs: 1 } });
  client = new ByteClient(mock.address, proto.registry);
});
afterAll(() => {
  client.close();
  mock.close();
  proto.remove();
});

function rpc(name: string): DescMethod {
  const method = proto.service('OrderService').methods.find((each) => each.name === name);
  if (method === undefined) throw new Error(`no RPC ${name}`);
  return method;
}

const order = { note: 'example note', packaging: 'gift box', status: 'STATUS_OPEN', next: 'STATUS_SHIPPED' };

/** The status that a call fails with. */
async function failure(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: ServiceError) => reason,
  );
  return error === undefined ? 'OK' : (status[error.code] ?? String(error.code));
}

async function mockWith(options: MockOptions, deadlineMs?: number): Promise<ByteClient> {
  const own = await startMock(loadDescriptors([proto.path]), options);
  const caller = new ByteClient(own.address, proto.registry, deadlineMs);
  onTestFinished(() => {
    caller.close();
    own.close();
  });
  return caller;
}

describe('a mock answers', () => {
  it('with an example of the right type in each field', async () => {
    expect(await client.unary(rpc('GetOrder'), {})).toEqual({
      ...order,
      id: 'order-1',
      tenantId: 'acme',
      buyer: { email: 'user1@example.com', organization: 'acme', phoneNumber: '+15550000001' },
      amountCents: '1999',
      paid: true,
      createdAt: '2026-01-05T10:00:00Z',
      updatedAt: '2026-01-05T11:00:00Z',
      leadTime: '30s',
      extra: { example: 'example' },
      couponCode: 'example coupon code',
      weight: 17,
      labels: ['example labels', 'example labels'],
      counts: { example: '1' },
      buyers: { '1': { email: 'user1@example.com', organization: 'acme', phoneNumber: '+15550000001' } },
      document: Buffer.from('example document').toString('base64'),
      ratio: 0.5,
      cardToken: 'example card token',
      value: 'example',
    });
  });

  it('with what the request said: its id, its tenant, the resource that it creates', async () => {
    const found = await client.unary(rpc('GetOrder'), { orderId: '42', tenantId: 'globex' });
    expect(found).toMatchObject({ id: '42', tenantId: 'globex', buyer: { organization: 'globex' } });
    const sent = { id: '7', status: 'STATUS_SHIPPED', amountCents: '5', labels: ['a'], invoice: 'i-1' };
    const created = (await client.unary(rpc('CreateOrder'), { order: sent, note: 'hi' })) as { order: JsonObject };
    expect(created.order).toMatchObject({ ...sent, note: 'hi', packaging: 'gift box' });
    expect(created.order).not.toHaveProperty('cardToken');
  });

  it("with the caller's tenant, as a gateway sends it", async () => {
    const metadata = { 'x-gateway-tenant': 'm%C3%BCller' };
    expect(await client.unary(rpc('GetOrder'), {}, metadata)).toMatchObject({ tenantId: 'müller' });
  });

  it('an empty message with an empty one, and a type without end with a part of it', async () => {
    expect(await client.unary(rpc('Delete'), { orderId: '1' })).toEqual({});
    const tree = await client.unary(rpc('GetTree'), {});
    expect(tree).toMatchObject({ name: 'Example tree 1' });
    expect(JSON.stringify(tree).length).toBeLessThan(200_000);
  });
});

describe('a list of the mock', () => {
  const list = (request: JsonValue) => client.unary(rpc('ListOrders'), request);

  it('is read page by page, to its end', async () => {
    const ids: unknown[] = [];
    let pageToken = '';
    do {
      const page = (await list({ pageSize: 10, pageToken })) as { orders: JsonObject[]; nextPageToken?: string };
      expect(page).toMatchObject({ totalSize: 23 });
      ids.push(...page.orders.map(({ id }) => id));
      pageToken = page.nextPageToken ?? '';
    } while (pageToken !== '');
    expect(ids).toEqual(Array.from({ length: 23 }, (_, index) => `order-${index + 1}`));
  });

  it('has items that fit the filter, each with an id of its own', async () => {
    const { orders } = (await list({ status: 'STATUS_SHIPPED', orderId: 'x', pageSize: 2 })) as {
      orders: JsonObject[];
    };
    expect(orders.map(({ id, status: of }) => [id, of])).toEqual([
      ['order-1', 'STATUS_SHIPPED'],
      ['order-2', 'STATUS_SHIPPED'],
    ]);
  });

  it.each([{ pageSize: -1 }, { pageToken: 'nonsense' }, { pageToken: Buffer.from('after:x').toString('base64') }])(
    'refuses %j, naming the field',
    async (request) => {
      const failed = list(request).catch((error: ServiceError) => error);
      const { code, details } = (await failed) as ServiceError;
      expect([status[code], details]).toEqual(['INVALID_ARGUMENT', expect.stringMatching(/^page_(size|token): /)]);
    },
  );
});

describe('a stream of the mock', () => {
  it('of the server has as many messages as asked for, each its own', async () => {
    const messages = (await client.stream(rpc('WatchOrders'), {})) as JsonObject[];
    expect(messages.map(({ id }) => id)).toEqual(['order-1', 'order-2', 'order-3']);
  });

  it('without pauses is as fast as its client reads, and comes whole', async () => {
    const caller = await mockWith({ stream: { messages: 300, intervalMs: 0 } }, 60_000);
    const messages = (await caller.stream(rpc('WatchOrders'), {})) as JsonObject[];
    expect([messages.length, messages.at(-1)?.['id']]).toEqual([300, 'order-300']);
  });

  it('of the client is answered once, with what came last', async () => {
    const requests = [{ order: { id: '1' } }, { order: { id: '2' } }];
    expect(await client.duplex(rpc('UploadOrders'), requests)).toMatchObject([{ id: '2' }]);
  });

  it('in both directions answers each message', async () => {
    const answers = await client.duplex(rpc('Chat'), [{ orderId: '1' }, { orderId: '2' }]);
    expect(answers).toMatchObject([{ id: '1' }, { id: '2' }]);
  });
});

describe('a mock fails', () => {
  it.each([
    ['its RPC by name', ['GetOrder=UNAVAILABLE'], ['UNAVAILABLE', 'OK']],
    ['its RPC by full name', ['extra.v1.OrderService/Delete=ABORTED'], ['OK', 'ABORTED']],
    ['all of them', ['*=INTERNAL'], ['INTERNAL', 'INTERNAL']],
    ['all, written as a code alone', ['DATA_LOSS'], ['DATA_LOSS', 'DATA_LOSS']],
  ])('%s', async (_what, fail, codes) => {
    const caller = await mockWith({ fail });
    const calls = ['GetOrder', 'Delete'].map((name) => failure(caller.unary(rpc(name), {})));
    expect(await Promise.all(calls)).toEqual(codes);
  });

  it.each(['NOT_FOUND', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED'])(
    'with %s for that in place of an id',
    async (code) => {
      expect(await failure(client.unary(rpc('GetOrder'), { orderId: code }))).toBe(code);
      expect(await failure(client.stream(rpc('WatchOrders'), { orderId: code }))).toBe(code);
    },
  );

  it('as the metadata of a call says', async () => {
    expect(await failure(client.unary(rpc('GetOrder'), {}, { 'x-mock-code': 'ABORTED' }))).toBe('ABORTED');
    expect(await failure(client.unary(rpc('GetOrder'), {}, { 'x-mock-code': 'NONSENSE' }))).toBe('INVALID_ARGUMENT');
    expect(await failure(client.unary(rpc('GetOrder'), {}, { 'x-mock-delay': '1' }))).toBe('INVALID_ARGUMENT');
  });

  it('late, past the deadline of its caller', async () => {
    const caller = await mockWith({ delay: ['GetOrder=10m'] }, 500);
    expect(await failure(caller.unary(rpc('GetOrder'), {}))).toBe('DEADLINE_EXCEEDED');
  });

  it.each([
    [{ fail: ['GetOrders=INTERNAL'] }, /"GetOrders=INTERNAL": no RPC is called "GetOrders"; did you mean GetOrder\?/],
    [{ fail: ['GetOrder=BROKEN'] }, /"BROKEN" is not a gRPC status/],
    [{ fail: ['OK'] }, /"OK" is not a gRPC status that a call fails with/],
    [{ delay: ['GetOrder=5'] }, /5/],
  ])('to start with %j', async (options, message) => {
    await expect(startMock(loadDescriptors([proto.path]), options)).rejects.toThrow(message);
  });
});

it('a mock is healthy and describes itself, so that doctor finds nothing amiss', async () => {
  const away = { AUTH_SERVICE_URL: '127.0.0.1:1', USER_SERVICE_URL: '127.0.0.1:1', TENANT_SERVICE_URL: '127.0.0.1:1' };
  const env = { ...away, JWT_SECRET: 'x'.repeat(32), GATEWAY_DESCRIPTORS: proto.path, EXTRA_SERVICE_URL: mock.address };
  const { out, err } = await gatewayCommand(['upstream', 'extra'], env);
  expect(err).toBe('');
  for (const line of [
    /^ok .* connect /m,
    /^ok .* health /m,
    /^ok .* 1 RPCs are as mounted$/m,
    /^extra.v1.OrderService {2}\(mounted\)$/m,
  ]) {
    expect(out).toMatch(line);
  }
});

describe('gateway mock', () => {
  it('says where it listens and how a gateway finds it, and ends when it is told to', async () => {
    const child = spawn(process.execPath, [builtFile('bin/gateway.js'), 'mock', proto.path, '--listen', '127.0.0.1:0']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const [first, second, third] = [await lines.next(), await lines.next(), await lines.next()];
    const [, address = ''] = /^mock listens on (127\.0\.0\.1:\d+)$/.exec(String(first.value)) ?? [];
    expect(String(second.value)).toContain(
      'extra.v1.OrderService  GetOrder CreateOrder ListOrders WatchOrders (stream)',
    );
    expect(third.value).toBe(`for the gateway: EXTRA_SERVICE_URL=${address}`);
    const caller = new ByteClient(address, proto.registry);
    onTestFinished(() => caller.close());
    expect(await caller.unary(rpc('GetOrder'), { orderId: '42' })).toMatchObject({ id: '42' });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it.each([
    [[], 78, /name a descriptor set/],
    [['nowhere.binpb'], 78, /nowhere.binpb: cannot be read/],
    [['SET', '--fail', 'GetOrders=INTERNAL'], 78, /did you mean GetOrder\?/],
    [['SET', '--listen', '192.0.2.1:1'], 69, /cannot listen on 192.0.2.1:1: .*\n.*--listen/],
  ])('%j ends with %i and says why', async (args, exitCode, message) => {
    const result = await gatewayCommand(['mock', ...args.map((arg) => (arg === 'SET' ? proto.path : arg))], {});
    expect(result).toMatchObject({ exitCode, out: '' });
    expect(result.err).toMatch(message);
  });
});
