import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { namedShape, ShapesBackend, startShapesGateway, TENANT_CACHE } from '../support/cached-shapes.js';
import { Client } from '../support/client.js';
import type { TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { TestRedis } from '../support/redis.js';

const PATH = '/shapes/v1/shapes/one:rotate';
const ABORTED = 10;

let sandbox: SandboxEnvironment;
let redis: TestRedis;
let shapes: ShapesBackend;
let gateway: TestGateway;
let alice: Client;
let next = 0;
let key: string;

beforeAll(async () => {
  [sandbox, redis] = await Promise.all([startSandbox({ faultServer: false, idp: false }), TestRedis.start()]);
  shapes = await ShapesBackend.start(TENANT_CACHE);
  const env = {
    REDIS_URL: redis.url,
    GATEWAY_CACHE_KEY: 'the key of the cache, more than 32 bytes',
    GATEWAY_GRPC_MAX_RECEIVE_BYTES: '64KiB',
  };
  gateway = await startShapesGateway(shapes, { sandbox, env });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(async () => {
  await gateway.gateway.drain();
  shapes.close();
  await Promise.all([sandbox.close(), redis.close()]);
});
beforeEach(() => {
  key = `key-${++next}`;
  shapes.writes = 0;
});
afterEach(() => {
  redis.thaw();
  shapes.recover();
  shapes.written = Buffer.alloc(0);
});

const write = (headers: Readonly<Record<string, string>> = {}) =>
  alice.send('POST', PATH, {}, { 'idempotency-key': key, ...headers });
const isReplay = (response: Response) => response.headers.get('idempotency-replayed') === 'true';

describe('a request with an Idempotency-Key whose response cannot be passed on', () => {
  it.each([
    ['it cannot be read', Buffer.of(0xff)],
    ['it is larger than GATEWAY_GRPC_MAX_RECEIVE_BYTES', namedShape('x'.repeat(70_000))],
  ])('was carried out all the same, and is not done again: %s', async (_what, written) => {
    shapes.written = written;
    const answers = [await write(), await write(), await write()];
    expect(answers.map(isReplay)).toEqual([false, true, true]);
    for (const answer of answers) await expectFetchProblem(answer, 'UPSTREAM_ERROR');
    expect(shapes.writes).toBe(1);
  });
});

describe('a request with an Idempotency-Key that lost against another (ABORTED)', () => {
  it('may be tried again', async () => {
    shapes.beforeWrite = () => {
      throw Object.assign(new Error('the transaction was aborted'), { code: ABORTED });
    };
    await expectFetchProblem(await write(), 'ABORTED');
    shapes.recover();
    const [first, again] = [await write(), await write()];
    expect([first.status, isReplay(first), again.status, isReplay(again)]).toEqual([200, false, 200, true]);
    expect(shapes.writes).toBe(2);
  });
});

describe('a client with little time', () => {
  const outages: [string, () => unknown][] = [
    ['stands still', () => redis.freeze()],
    ['has lost its memory', () => redis.client.flushall()],
  ];
  it.each(outages)('waits no longer for a Redis that %s, and the key is free afterwards', async (_what, outage) => {
    expect((await write({ 'idempotency-key': `${key}-before` })).status).toBe(200);
    await outage();
    const { detail } = await expectFetchProblem(await write({ 'x-request-timeout': '1s' }), 'UPSTREAM_TIMEOUT');
    expect(detail).toContain('was not carried out');
    expect(shapes.writes).toBe(1);
    redis.thaw();
    await expect.poll(async () => (await write()).status).toBe(200);
    expect(shapes.writes).toBe(2);
  });
});
