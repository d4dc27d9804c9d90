import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { TestRedis } from '../support/redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const KEYS = 100;
const REQUESTS = 1000;
/** Keys that are used for the first time during one outage. */
const KEYS_AT_ONCE = 20;
const LONGEST_MS = 30_000;
/** Over this time the requests of a round are spread. */
const ROUND_MS = 1500;
const REPLICATION = ['--repl-diskless-sync-delay', '0'];

vi.setConfig({ testTimeout: 120_000 });

let sandbox: SandboxEnvironment;
let servers: TestRedis[];
let proxy: TcpProxy;
let gateways: TestGateway[];
let clients: Client[];

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
  servers = await Promise.all([TestRedis.start(...REPLICATION), TestRedis.start(...REPLICATION)]);
  proxy = await TcpProxy.to(`127.0.0.1:${primary().port}`);
  const env = {
    REDIS_URL: `redis://${proxy.address}`,
    GATEWAY_CACHE_KEY: 'the key of the cache, more than 32 bytes',
    GATEWAY_CACHE_MAX_ENTRY_BYTES: '1KiB',
  };
  gateways = await Promise.all([startTestGateway({ sandbox, env }), startTestGateway({ sandbox, env })]);
  clients = await Promise.all(gateways.map((each) => Client.of(each, 'alice@acme.test')));
});
afterAll(async () => {
  await Promise.all(gateways.map(({ gateway }) => gateway.drain()));
  await proxy.close();
  await Promise.all([sandbox.close(), ...servers.map((each) => each.close())]);
});

const primary = () => servers[0] as TestRedis;
const standby = () => servers[1] as TestRedis;

/** Faults of Redis. Each lasts less than the 2 s for which a keyed request waits for it. */
const OUTAGES: Readonly<Record<string, () => Promise<unknown>>> = {
  'is healthy': async () => undefined,
  'is paused for its clients': () => primary().client.call('CLIENT', 'PAUSE', '1500', 'ALL'),
  'stands still': async () => {
    primary().freeze();
    await wait(1500);
    primary().thaw();
  },
  'is restarted, and has lost everything': () => primary().restart(),
  'fails over to its replica': async () => {
    await standby().client.replicaof('127.0.0.1', String(primary().port));
    const isLinked = async () => (await standby().client.info('replication')).includes('master_link_status:up');
    await until(isLinked);
    await proxy.cut();
    await standby().client.replicaof('NO', 'ONE');
    servers.reverse();
    proxy.target = `127.0.0.1:${primary().port}`;
    await proxy.repair();
  },
};

/** Sends request `n` of a key, to one gateway after the other, until it is answered for good. */
async function sendUntilDone(key: number, n: number): Promise<string> {
  // Every tenth answer is too large to be kept.
  const displayName = key % 10 === 0 ? 'x'.repeat(2000) : '';
  const body = { username: `once-${key}`, email: `once-${key}@acme.test`, displayName };
  const until = performance.now() + LONGEST_MS;
  for (let attempt = n; performance.now() < until; attempt++) {
    const client = clients[attempt % clients.length] as Client;
    const response = await client.send('POST', '/api/v1/users', body, { 'idempotency-key': `key-${key}` });
    const text = await response.text();
    if (response.status === 201) return 'done';
    if (text.includes('was carried out and answered 201')) return 'done, not kept';
    if (response.status !== 409 || !text.includes('still under way')) return `${response.status} ${text}`;
    await wait(50);
  }
  return 'never done';
}

it('1,000 requests with 100 keys are carried out 100 times, whatever becomes of Redis meanwhile', async () => {
  const outcomes: string[] = [];
  const outages = Object.values(OUTAGES);
  for (const [round, outage] of outages.entries()) {
    const known = KEYS_AT_ONCE * (round + 1);
    const ended = outage();
    const requests = Array.from({ length: REQUESTS / outages.length }, (_, n) => {
      // The new keys several times each, and those of earlier rounds among them.
      const key = n % 2 === 0 ? known - 1 - ((n / 2) % KEYS_AT_ONCE) : (n * 7) % known;
      return wait((n * ROUND_MS * outages.length) / REQUESTS).then(() => sendUntilDone(key, n));
    });
    outcomes.push(...(await Promise.all(requests)));
    await ended;
  }
  const created = sandbox.calls.list().filter(({ method }) => method.endsWith('/CreateUser'));
  expect(new Set(outcomes)).toEqual(new Set(['done', 'done, not kept']));
  expect([outcomes.length, created.length]).toEqual([REQUESTS, KEYS]);
});
