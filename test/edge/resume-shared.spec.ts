import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { compileProto } from '../support/compile-proto.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type BytesStream, grpcBackend } from '../support/grpc-backend.js';
import { expectFetchProblem } from '../support/problem.js';
import { TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const PROTO = `
message Req { string name = 1; }
message Text { string name = 1; }
service Streams {
  rpc Watch(Req) returns (stream Text) {
    option (google.api.http) = {get: "/watch/{name}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, stream: {resume: {max_messages: 4}}};
  }
}`;

let redis: TestRedis;
/** Two instances that share a store, and one that shares nothing. */
let first: TestGateway;
let second: TestGateway;
let alone: TestGateway;
let alice: string;
let bob: string;
const calls: BytesStream[] = [];
const toClose: (() => unknown)[] = [];

beforeAll(async () => {
  redis = await TestRedis.start();
  const proto = compileProto(PROTO);
  const backend = await grpcBackend({ stream: { '/extra.v1.Streams/Watch': (call) => void calls.push(call) } });
  const sandbox = await startSandbox({ faultServer: false, idp: false });
  const env = {
    GATEWAY_DESCRIPTORS: proto.path,
    EXTRA_SERVICE_URL: backend.target.replace('dns:///', ''),
    GATEWAY_STREAM_HEARTBEAT: '0s',
    REDIS_URL: redis.url,
  };
  const shared = { ...env, GATEWAY_CACHE_KEY: 'k'.repeat(48) };
  const start = (settings: Record<string, string>) => startTestGateway({ sandbox, env: settings });
  [first, second, alone] = await Promise.all([start(shared), start(shared), start(env)]);
  alice = await sandbox.issueToken('alice@acme.test');
  bob = await sandbox.issueToken('bob@acme.test');
  toClose.push(
    () => Promise.all([first, second, alone].map(({ gateway }) => gateway.drain())),
    () => sandbox.close(),
    () => backend.close(),
    () => proto.remove(),
    () => redis.close(),
  );
});
afterAll(async () => {
  for (const close of toClose) await close();
});
afterEach(() => {
  for (const call of calls.splice(0)) if (!call.cancelled) call.end();
});

function ask(gateway: TestGateway, lastEventId: string, token = alice): Promise<Response> {
  return fetch(`${gateway.url}/watch/a`, {
    headers: { authorization: `Bearer ${token}`, 'last-event-id': lastEventId },
  });
}

function send(call: BytesStream, ...names: string[]): void {
  for (const name of names) call.write(Buffer.from([0x0a, name.length, ...Buffer.from(name)]));
}

const names = (body: string) => [...body.matchAll(/"name":"(\w+)"/g)].map(([, name]) => name);

/** A client of the first instance that has got some messages and loses its connection. Resolves to the id of the last one. */
async function leaveAfter(...sent: string[]): Promise<string> {
  const request = httpRequest(`${first.url}/watch/a`, { headers: { authorization: `Bearer ${alice}` } }).end();
  const responding = once(request, 'response') as Promise<[IncomingMessage]>;
  send(await until(() => calls.at(-1)), ...sent);
  const [response] = await responding;
  let body = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    body += chunk.toString();
    if (names(body).length >= sent.length) break;
  }
  response.destroy();
  const id = [...body.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
  const entries = `cache:stream:${id.split('.')[0]}:entries`;
  await until(async () => (await redis.client.xlen(entries)) >= Math.min(sent.length, 4));
  return id;
}

describe('a stream that another instance began', () => {
  it('goes on, message by message, and the call stays where it is', async () => {
    const last = await leaveAfter('one', 'two');
    const responding = ask(second, last);
    send(calls[0]!, 'three');
    const response = await responding;
    expect(response.status).toBe(200);
    const body = response.text();
    // More than are kept: they come only if the first instance hears how far the second has sent them.
    const more = ['four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
    send(calls[0]!, ...more);
    calls[0]!.end();
    expect(names(await body)).toEqual(['three', ...more]);
    expect(await body).toContain('event: end');
    expect(calls).toHaveLength(1);
  });

  it('comes back to the first', async () => {
    const last = await leaveAfter('one');
    calls[0]!.end();
    for (const gateway of [second, first, second]) {
      const body = await (await ask(gateway, last)).text();
      expect([names(body), body.includes('event: end')]).toEqual([[], true]);
    }
  });

  it.each<[string, () => Promise<Response>]>([
    ['somebody else', async () => ask(second, await leaveAfter('one'), bob)],
    ['an instance without the key', async () => ask(alone, await leaveAfter('one'))],
    [
      'an id further back than what is kept',
      async () => {
        const last = await leaveAfter('1', '2', '3', '4', '5', '6', '7');
        return ask(second, last.replace('.7', '.1'));
      },
    ],
    ['a stream that never was', async () => ask(second, `${'a'.repeat(22)}.1`)],
  ])('is gone for %s', async (_, asking) => {
    await expectFetchProblem(await asking(), 'STREAM_GONE');
  });

  it('is kept where nobody can read or exchange it', async () => {
    const last = await leaveAfter('readable');
    const [id] = last.split('.');
    const stored = JSON.stringify(await redis.client.xrange(`cache:stream:${id}:entries`, '-', '+'));
    expect(stored).not.toContain(Buffer.from('readable').toString('base64').slice(0, 8));
    expect(await redis.client.pttl(`cache:stream:${id}`)).toBeGreaterThan(0);
  });

  it('says so when the instance that made the call is gone', async () => {
    const last = await leaveAfter('one');
    const [id] = last.split('.');
    const response = await ask(second, last);
    await redis.client.del(`cache:stream:${id}`);
    expect(await response.text()).toMatch(/^event: error\ndata: .*"code":"STREAM_GONE"/m);
  });
});
