import { join } from 'node:path';
import { Readable } from 'node:stream';
import { NotFoundException, StreamableFile } from '@nestjs/common';
import { catchError, concatWith, EMPTY, map, merge, NEVER, of, repeat, tap, throwError, timeout } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GatewayErrorCode } from '../../src/domain/errors.js';
import { Client } from '../support/client.js';
import { lineOf, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { wild } from './wild/wild.js';
import { untilPasses } from '../support/until.js';

const USERS = '/api/v1/users?page_size=1';
/** Node's rendering of an object that refers to itself. */
const circular: { self?: object } = {};
circular.self = circular;

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway({
    env: { GATEWAY_MODULES: join(import.meta.dirname, 'wild/wild.module.ts') },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(async () => {
  await gateway.sandbox.setFault('user', { mode: 'none' });
  await gateway.close();
});
beforeEach(() => gateway.sandbox.calls.clear());

const get = (path = USERS, headers: Record<string, string> = {}) => alice.get(path, { 'x-wild': 'case', ...headers });
const userCalls = () => gateway.sandbox.calls.list().filter(({ method }) => method.endsWith('/ListUsers'));

/** Throws what is not an Error, as JavaScript lets a guard do. */
function throwing(value: unknown): never {
  throw value as Error;
}

describe('a guard that', () => {
  it.each<[string, () => unknown, GatewayErrorCode]>([
    ['returns undefined', () => undefined, 'PERMISSION_DENIED'],
    ['returns null', () => null, 'PERMISSION_DENIED'],
    ['resolves to false', async () => false, 'PERMISSION_DENIED'],
    ['emits false', () => of(false), 'PERMISSION_DENIED'],
    ['emits false after true', () => of(true, false), 'PERMISSION_DENIED'],
    ['emits nothing', () => EMPTY, 'PERMISSION_DENIED'],
    [
      'throws an Error',
      () => {
        throw new Error('bug');
      },
      'INTERNAL',
    ],
    ['throws a string', () => throwing('no'), 'INTERNAL'],
    ['throws undefined', () => throwing(undefined), 'INTERNAL'],
    ['rejects with null', () => Promise.reject(null), 'INTERNAL'],
    ['never answers', () => NEVER, 'UPSTREAM_TIMEOUT'],
    ['never settles', () => new Promise(() => undefined), 'UPSTREAM_TIMEOUT'],
  ])('%s denies', async (_what, guard, code) => {
    wild.guards.case = guard;
    const waits = code === 'UPSTREAM_TIMEOUT' ? { 'x-request-timeout': '100ms' } : undefined;
    await expectFetchProblem(await get(USERS, waits), code);
    expect(userCalls()).toEqual([]);
    delete wild.guards.case;
  });

  it.each(['HEAD', 'GET'])('denies holds for %s', async (method) => {
    wild.guards.case = () => false;
    for (const path of [USERS, '/api/v1/users/acme-alice', '/api/v1/users/search?q=a', '/api//v1/users/', '/wild']) {
      expect((await alice.send(method, path, undefined, { 'x-wild': 'case' })).status, path).toBe(403);
    }
    delete wild.guards.case;
  });
});

describe('an interceptor', () => {
  const through = (around: (typeof wild.interceptors)[string]) => void (wild.interceptors.case = around);

  it.each<[string, unknown, string, string]>([
    ['a string', 'text', 'application/json', '"text"'],
    ['null', null, 'application/json', 'null'],
    ['a number', 7, 'application/json', '7'],
    ['false', false, 'application/json', 'false'],
    ['a Buffer', Buffer.from('raw'), 'application/octet-stream', 'raw'],
    ['a Uint8Array', new Uint8Array([114, 97, 119]), 'application/octet-stream', 'raw'],
    [
      'an object with a body',
      { body: Buffer.from('raw') },
      'application/json',
      '{"body":{"type":"Buffer","data":[114,97,119]}}',
    ],
  ])('may answer %s', async (_what, value, type, body) => {
    through(() => of(value));
    const response = await get();
    expect([response.status, response.headers.get('content-type')?.split(';')[0], await response.text()]).toEqual([
      200,
      type,
      body,
    ]);
  });

  it.each<[string, () => unknown]>([
    ['a stream', () => Readable.from(['st', 'ream'])],
    ['a StreamableFile', () => new StreamableFile(Buffer.from('stream'))],
  ])('may answer %s', async (_what, make) => {
    through(() => of(make()));
    const response = await get();
    expect([response.status, await response.text()]).toEqual([200, 'stream']);
  });

  it.each<[string, () => unknown]>([
    ['undefined', () => of(undefined)],
    ['nothing', () => EMPTY],
  ])('may answer %s', async (_what, around) => {
    through(around);
    const response = await get();
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it.each<[string, unknown]>([
    ['a BigInt', 7n],
    ['an object that refers to itself', circular],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a status that does not exist', { status: 9999, contentType: 'text/plain', body: Buffer.from('x') }],
  ])('that answers %s fails, and the log says why', async (_what, value) => {
    through(() => of(value));
    const response = await get();
    await expectFetchProblem(response, 'INTERNAL');
    expect(JSON.stringify(await lineOf(gateway, response))).toMatch(/interceptor/);
  });

  it('that emits several values sends the last', async () => {
    through((next) => next.handle().pipe(concatWith(of({ last: true }))));
    expect(await (await get()).json()).toEqual({ last: true });
  });

  it.each<[string, () => unknown]>([
    ['never completes', () => NEVER],
    ['does not complete after its value', () => of(1).pipe(concatWith(NEVER))],
    ['resolves to nothing ever', () => new Promise(() => undefined)],
  ])('that %s ends with the deadline of the request', async (_what, around) => {
    through(around);
    await expectFetchProblem(await get(USERS, { 'x-request-timeout': '100ms' }), 'UPSTREAM_TIMEOUT');
  });

  it('that never completes is left when its client leaves', async () => {
    const left = vi.fn<() => void>();
    const entered = Promise.withResolvers<void>();
    through(() => {
      entered.resolve();
      return NEVER.pipe((source) => new (source.constructor as typeof import('rxjs').Observable)(() => left));
    });
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${alice.token}`, 'x-wild': 'case' };
    const asked = fetch(gateway.url + USERS, { headers, signal: leaving.signal }).catch(() => undefined);
    await entered.promise;
    leaving.abort();
    await asked;
    await untilPasses(() => expect(left).toHaveBeenCalled());
  });

  it('that fails after a value answers the failure', async () => {
    through((next) => next.handle().pipe(concatWith(throwError(() => new NotFoundException('gone')))));
    expect(await expectFetchProblem(await get(), 'NOT_FOUND')).toMatchObject({ detail: 'gone' });
  });

  it('may change the status and the response, which it gets as a copy', async () => {
    through((next, context) =>
      next.handle().pipe(
        tap((response) => {
          context.switchToHttp().getResponse<{ code(status: number): void }>().code(203);
          (response as { body: Buffer }).body = Buffer.from('{"changed":true}');
        }),
      ),
    );
    const response = await get();
    expect([response.status, await response.json()]).toEqual([203, { changed: true }]);
  });

  it('that subscribes twice gets two calls, each of its own', async () => {
    through((next) =>
      merge(next.handle(), next.handle()).pipe(map(({ body }: { body: Buffer }) => JSON.parse(body.toString()))),
    );
    expect(await (await get()).json()).toMatchObject({ users: [{}] });
    expect(userCalls()).toHaveLength(2);
    through((next) => next.handle().pipe(repeat(2)));
    expect((await get()).status).toBe(200);
    expect(userCalls()).toHaveLength(4);
  });

  it('sees a replayed response as the first one was', async () => {
    through((next) =>
      next
        .handle()
        .pipe(
          tap((response: { body: Buffer }) => (response.body = Buffer.from(`{"seen":${response.body.toString()}}`))),
        ),
    );
    const email = `wild-${Date.now()}@acme.test`;
    const body = { email, username: 'wild', displayName: 'Wild', password: 'correct horse battery' };
    const create = () => alice.send('POST', '/api/v1/users', body, { 'x-wild': 'case', 'idempotency-key': 'wild-1' });
    const [first, second] = [await create(), await create()];
    expect([first.status, second.status, second.headers.get('idempotency-replayed')]).toEqual([201, 201, 'true']);
    expect(await second.json()).toEqual(await first.json());
  });

  it('that times out cancels the call', async () => {
    await gateway.sandbox.setFault('user', { mode: 'slow', latencyMs: 1500 });
    through((next) =>
      next.handle().pipe(
        timeout(50),
        catchError(() => of({ late: true })),
      ),
    );
    const response = await get('/api/v1/users/acme-alice');
    expect(await response.json()).toEqual({ late: true });
    await untilPasses(async () =>
      expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(
        /gateway_upstream_in_flight_requests\{upstream="user"\} 0\n/,
      ),
    );
    await gateway.sandbox.setFault('user', { mode: 'none' });
  });
});
