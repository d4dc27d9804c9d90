import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compileProto, type CompiledProto } from '../support/compile-proto.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type BytesStream, grpcBackend } from '../support/grpc-backend.js';
import { expectFetchProblem } from '../support/problem.js';
import { until } from '../support/until.js';

/** An RPC whose stream is kept as `resume` says. */
function rpc(name: string, path: string, resume: string): string {
  return `rpc ${name}(Req) returns (stream Text) {
    option (google.api.http) = {get: "/${path}/{name}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, stream: {resume: {${resume}}}}; }`;
}

const PROTO = `
message Req { string name = 1; }
message Text { string name = 1; }
service Streams {
  ${rpc('Watch', 'watch', '')}
  ${rpc('Small', 'small', 'max_messages: 3')}
  ${rpc('Brief', 'brief', 'keep: {nanos: 50000000}')}
}`;

let proto: CompiledProto;
let gateway: TestGateway;
let alice: string;
let others: Record<string, string>;
const calls: BytesStream[] = [];
const toClose: (() => unknown)[] = [];

beforeAll(async () => {
  proto = compileProto(PROTO);
  const take = (call: BytesStream) => void calls.push(call);
  const backend = await grpcBackend({
    stream: Object.fromEntries(['Watch', 'Small', 'Brief'].map((name) => [`/extra.v1.Streams/${name}`, take])),
  });
  gateway = await startTestGateway({
    env: {
      GATEWAY_DESCRIPTORS: proto.path,
      EXTRA_SERVICE_URL: backend.target.replace('dns:///', ''),
      GATEWAY_STREAM_HEARTBEAT: '0s',
    },
  });
  const issue = (user: string) => gateway.sandbox.issueToken(user);
  alice = await issue('alice@acme.test');
  others = { 'the same tenant': await issue('bob@acme.test'), 'another tenant': await issue('carol@globex.test') };
  toClose.push(
    () => gateway.close(),
    () => backend.close(),
    () => proto.remove(),
  );
});
afterAll(async () => {
  for (const close of toClose) await close();
});
afterEach(() => {
  for (const call of calls.splice(0)) if (!call.cancelled) call.end();
});

function ask(path: string, lastEventId?: string, token = alice, accept = 'text/event-stream'): Promise<Response> {
  const last = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  return fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}`, accept, ...last } });
}

const nextCall = () => until(() => calls.at(-1));

function send(call: BytesStream, ...names: string[]): void {
  for (const name of names) call.write(Buffer.from([0x0a, name.length, ...Buffer.from(name)]));
}

/** The events of a body: their ids and what they hold. */
function events(body: string): [id: string, data: string][] {
  return body
    .split('\n\n')
    .filter((event) => event.includes('data: '))
    .map((event) => [/^id: (.*)$/m.exec(event)?.[1] ?? '', /^data: (.*)$/m.exec(event)?.[1] ?? '']);
}

const names = (body: string) => events(body).map(([, data]) => (JSON.parse(data) as { name?: string }).name);

/** A client that has got so many events and loses its connection. Resolves to the id of the last one. */
async function leaveAfter(path: string, call: () => Promise<BytesStream>, sent: readonly string[]): Promise<string> {
  const request = httpRequest(gateway.url + path, { headers: { authorization: `Bearer ${alice}` } }).end();
  const responding = once(request, 'response') as Promise<[IncomingMessage]>;
  send(await call(), ...sent);
  const [response] = await responding;
  let body = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    body += chunk.toString();
    if (events(body).length >= sent.length) break;
  }
  response.destroy();
  await until(() => gateway.lines.some(({ uri, status: code }) => String(uri).startsWith(path) && code === 499));
  gateway.lines.length = 0;
  return events(body).at(-1)?.[0] ?? '';
}

describe('a stream that can be resumed', () => {
  it('names itself in its ids, also at its end', async () => {
    const responding = ask('/watch/a');
    const call = await nextCall();
    send(call, 'one', 'two');
    call.end();
    const ids = events(await (await responding).text()).map(([id]) => id);
    const [stream = ''] = ids[0]?.split('.') ?? [];
    expect(stream).toMatch(/^[\w-]{22}$/);
    expect(ids).toEqual([`${stream}.1`, `${stream}.2`, `${stream}.end`]);
  });

  it('goes on after the last event that its client has, over the same call', async () => {
    const last = await leaveAfter('/watch/a', nextCall, ['one', 'two']);
    const [call] = calls;
    send(call!, 'three');
    const responding = ask('/watch/a', last);
    const response = await responding;
    expect([calls.length, call!.cancelled]).toEqual([1, false]);
    send(call!, 'four');
    call!.end();
    expect(names(await response.text())).toEqual(['three', 'four', undefined]);
  });

  it('sends again what was lost on the way, as often as it is asked', async () => {
    const last = await leaveAfter('/watch/a', nextCall, ['one', 'two', 'three']);
    calls[0]!.end();
    const first = last.replace('.3', '.1');
    for (let n = 0; n < 2; n++)
      expect(names(await (await ask('/watch/a', first)).text())).toEqual(['two', 'three', undefined]);
    expect(names(await (await ask('/watch/a', last)).text())).toEqual([undefined]);
  });

  it('says why it failed', async () => {
    const last = await leaveAfter('/watch/a', nextCall, ['one']);
    calls[0]!.emit('error', Object.assign(new Error('broken'), { code: status.UNAVAILABLE }));
    const body = await (await ask('/watch/a', last)).text();
    expect(body).toMatch(/^event: error\ndata: .*"code":"UPSTREAM_UNAVAILABLE"/m);
  });

  it('belongs to the connection that came last', async () => {
    const first = ask('/watch/a');
    const call = await nextCall();
    send(call, 'one');
    const before = await first;
    const reader = before.body!.getReader();
    const { value } = await reader.read();
    const id = events(new TextDecoder().decode(value))[0]?.[0];
    const second = await ask('/watch/a', id);
    const rest = new TextDecoder().decode((await reader.read()).value);
    expect(rest).toContain('goes on over another connection');
    send(call, 'two');
    call.end();
    expect(names(await second.text())).toEqual(['two', undefined]);
  });

  it('fails with a status of its own before its first message', async () => {
    const responding = ask('/watch/a');
    (await nextCall()).emit('error', Object.assign(new Error('broken'), { code: status.NOT_FOUND }));
    await expectFetchProblem(await responding, 'NOT_FOUND');
  });

  it('is any other stream in another format', async () => {
    const responding = ask('/watch/a', undefined, alice, 'application/x-ndjson');
    const call = await nextCall();
    send(call, 'one');
    call.end();
    expect(await (await responding).text()).toBe('{"name":"one"}\n');
  });
});

describe('what Last-Event-ID names', () => {
  it('is over for an EventSource that has seen the end, which then stops', async () => {
    const response = await ask('/watch/a', `${'a'.repeat(22)}.end`);
    expect([response.status, calls.length]).toEqual([204, 0]);
  });

  it.each(['the same tenant', 'another tenant'])("is the owner's alone: %s", async (whose) => {
    const last = await leaveAfter('/watch/a', nextCall, ['one']);
    await expectFetchProblem(await ask('/watch/a', last, others[whose]), 'STREAM_GONE');
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['another request', '/watch/b', (last: string) => last],
    ['another RPC', '/brief/a', (last: string) => last],
    ['a stream that never was', '/watch/a', () => `${'a'.repeat(22)}.1`],
    ['a message that has not come', '/watch/a', (last: string) => last.replace('.1', '.2')],
    ['what is not an id of this gateway', '/watch/a', () => '7'],
    ['what is too long', '/watch/a', () => 'a'.repeat(4_000)],
  ])('is gone for %s', async (_, path, id) => {
    const last = await leaveAfter('/watch/a', nextCall, ['one']);
    await expectFetchProblem(await ask(path, id(last)), 'STREAM_GONE');
    expect(calls).toHaveLength(1);
  });

  it('is gone once it was kept for long enough, and the call is ended', async () => {
    const last = await leaveAfter('/brief/a', nextCall, ['one']);
    await until(() => calls[0]!.cancelled);
    await expectFetchProblem(await ask('/brief/a', last), 'STREAM_GONE');
  });

  it('is gone when it is further back than what is kept; what was not sent is never lost', async () => {
    const last = await leaveAfter('/small/a', nextCall, ['1', '2', '3', '4', '5']);
    send(calls[0]!, '6', '7', '8', '9', '10', '11');
    calls[0]!.end();
    await until(async () => (await ask('/small/a', last.replace('.5', '.1'))).status === 410);
    expect(names(await (await ask('/small/a', last)).text())).toEqual(['6', '7', '8', '9', '10', '11', undefined]);
  });
});
