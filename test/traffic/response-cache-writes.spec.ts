import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CacheScope } from '../../src/gen/gateway/v1/policy_pb.js';
import {
  namedShape,
  type PolicyInit,
  startShapesGateway,
  ShapesBackend,
  TENANT_CACHE,
  versionOf,
} from '../support/cached-shapes.js';
import { Client } from '../support/client.js';
import type { TestGateway } from '../support/gateway.js';
import type { BytesStream } from '../support/grpc-backend.js';
import { expectFetchProblem } from '../support/problem.js';

const SHAPES = '/shapes/v1/shapes';
const UNAVAILABLE = 14;
/** Longer than a test takes: what is not fresh any more was made stale. */
const CACHED: PolicyInit = {
  ...TENANT_CACHE,
  cache: { ttl: { seconds: 600n }, scope: CacheScope.TENANT, staleIfError: { seconds: 60n } },
};

let shapes: ShapesBackend;
let gateway: TestGateway;
let alice: Client;
let bob: Client;
let carol: Client;
let path: string;
let pages = 0;

async function start(writes?: PolicyInit): Promise<void> {
  shapes = await ShapesBackend.start(CACHED, writes);
  gateway = await startShapesGateway(shapes);
  const client = (user: string) => Client.of(gateway, user);
  [alice, bob, carol] = await Promise.all([
    client('alice@acme.test'),
    client('bob@acme.test'),
    client('carol@globex.test'),
  ]);
}

async function stop(): Promise<void> {
  await gateway.close();
  shapes.close();
}

/** Has the backend change something for a client. */
const write = (client: Client) => client.send('POST', `${SHAPES}/one:rotate`, {});
const get = async (client: Client) => versionOf(await client.get(path));

beforeEach(() => {
  path = `${SHAPES}?page_size=${++pages}`;
});
afterEach(() => shapes.recover());

describe('a write', () => {
  beforeAll(() => start());
  afterAll(stop);

  it('makes what is cached for its tenant stale, so that the writer reads what was written', async () => {
    const first = await get(alice);
    expect((await write(alice)).status).toBe(200);
    const second = await get(alice);
    expect(second).not.toBe(first);
    expect(await get(bob)).toBe(second);
  });

  it('leaves the answers of other tenants as they are', async () => {
    const first = await get(carol);
    await write(alice);
    expect(await get(carol)).toBe(first);
  });

  it('that fails may have been done: it counts like one that does not', async () => {
    const first = await get(alice);
    shapes.beforeWrite = () => {
      throw Object.assign(new Error('no shapes today'), { code: UNAVAILABLE });
    };
    await expectFetchProblem(await write(alice), 'UPSTREAM_UNAVAILABLE');
    expect(await get(alice)).not.toBe(first);
  });

  it('is not followed by the answer to a question that was asked before it', async () => {
    const released = Promise.withResolvers<void>();
    const before = shapes.calls;
    shapes.before = () => (shapes.calls === before + 1 ? released.promise : undefined);
    const slow = get(alice);
    await expect.poll(() => shapes.calls).toBe(before + 1);
    await write(alice);
    const fast = await get(alice);
    released.resolve();
    expect([await slow, fast]).toEqual([`v${before + 1}`, `v${before + 2}`]);
    expect(await get(alice)).not.toBe(await slow);
  });

  it('leaves the last answer as a stand-in for a backend that fails', async () => {
    const first = await get(alice);
    await write(alice);
    shapes.fail(UNAVAILABLE);
    expect(await get(alice)).toBe(first);
  });
});

describe('a write into another tenant', () => {
  const CONFIG = '/api/v1/tenants/acme/config';
  let root: Client;
  beforeAll(async () => {
    await start();
    root = await Client.of(gateway, 'root@platform.test');
  });
  afterAll(stop);

  const logo = async (client: Client) =>
    ((await (await client.get(CONFIG)).json()) as { readonly logoUrl?: string }).logoUrl;
  const setLogo = async (client: Client, logoUrl: string) =>
    expect((await client.send('PATCH', CONFIG, { logoUrl })).status).toBe(200);

  it('makes what is cached for its callers stale', async () => {
    await setLogo(root, 'https://acme.test/1.png');
    expect([await logo(alice), await logo(bob)]).toEqual(Array.from({ length: 2 }, () => 'https://acme.test/1.png'));
    await setLogo(root, 'https://acme.test/2.png');
    expect([await logo(alice), await logo(bob)]).toEqual(Array.from({ length: 2 }, () => 'https://acme.test/2.png'));
  });

  it('of its own caller makes what is cached for readers from another one stale', async () => {
    await setLogo(alice, 'https://acme.test/3.png');
    expect(await logo(root)).toBe('https://acme.test/3.png');
    await setLogo(alice, 'https://acme.test/4.png');
    expect(await logo(root)).toBe('https://acme.test/4.png');
  });
});

describe('a write that is a stream', () => {
  beforeAll(() => start({}));
  afterAll(stop);

  it('makes what is cached for its tenant stale with each message and with its end', async () => {
    const { promise: opened, resolve } = Promise.withResolvers<BytesStream>();
    shapes.stream = resolve;
    const first = await get(alice);
    const writing = write(alice);
    const call = await opened;
    call.write(namedShape('half'));
    const events = (await writing).body?.getReader();
    await events?.read();
    const second = await get(bob);
    expect(second).not.toBe(first);
    expect(await get(alice)).toBe(second);
    call.end();
    while ((await events?.read())?.done === false);
    expect(await get(bob)).not.toBe(second);
  });

  it('that fails before its first message counts like one that does not', async () => {
    const first = await get(alice);
    shapes.stream = (call) => call.emit('error', Object.assign(new Error('no shapes today'), { code: UNAVAILABLE }));
    await expectFetchProblem(await write(alice), 'UPSTREAM_UNAVAILABLE');
    expect(await get(alice)).not.toBe(first);
  });

  it('leaves the answers of other tenants as they are', async () => {
    shapes.stream = (call) => call.end();
    const first = await get(carol);
    await (await write(alice)).text();
    expect(await get(carol)).toBe(first);
  });
});
