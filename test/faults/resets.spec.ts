import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FrameType } from '../../src/grpc/h2/frames.js';
import { ALICE } from '../support/backend-stub.js';
import { NO_CIRCUIT } from '../support/fault-settings.js';
import { FaultFixture } from '../support/fault-fixture.js';
import { goodAnswer, type Progress, rawPeer, type RawPeer, resetAnswer } from '../support/raw-http2.js';

const USER = '/api/v1/users/acme-alice';
const NEW_USER = { method: 'POST', body: { email: 'dora@acme.test', username: 'dora' } };
const PROGRESS: readonly Progress[] = ['before headers', 'after headers', 'in a message'];

let peer: RawPeer;
let faults: FaultFixture;
let reply: (streamId: number) => Buffer;
const good = (streamId: number) => goodAnswer(streamId, ALICE);
let calls = 0;

beforeAll(async () => {
  reply = good;
  peer = await rawPeer(({ type, streamId }, connection) => {
    if (type === FrameType.HEADERS) calls += 1;
    if (type === FrameType.DATA) connection.send(reply(streamId));
  });
  const env = { ...NO_CIRCUIT, USER_SERVICE_URL: peer.target };
  faults = await FaultFixture.start({ env });
  // The health check of the start is behind us when this is: only calls are counted below.
  await faults.ask(USER);
});
afterAll(async () => {
  await faults.close();
  await peer.close();
});
beforeEach(() => {
  calls = 0;
});

describe('a stream that the backend resets (FI-6)', () => {
  it.each([
    [0, 'UPSTREAM_ERROR', 'INTERNAL'],
    [1, 'UPSTREAM_ERROR', 'INTERNAL'],
    [2, 'UPSTREAM_ERROR', 'INTERNAL'],
    [3, 'UPSTREAM_ERROR', 'INTERNAL'],
    [5, 'UPSTREAM_ERROR', 'INTERNAL'],
    [7, 'UPSTREAM_UNAVAILABLE', 'UNAVAILABLE'],
    [8, 'UPSTREAM_ERROR', 'CANCELLED'],
    [11, 'UPSTREAM_UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
    [12, 'UPSTREAM_ERROR', 'PERMISSION_DENIED'],
    [13, 'UPSTREAM_ERROR', 'INTERNAL'],
  ])('with %i is %s before headers, after headers and in a message', async (code, expected, grpcCode) => {
    const seen: string[] = [];
    for (const progress of PROGRESS) {
      reply = (streamId) => resetAnswer(streamId, code, progress);
      seen.push(await faults.code(USER));
    }
    expect(seen).toEqual(Array(3).fill(expected));
    const errors = `upstream_grpc_errors_total{upstream="user",method="GetUser",code="${grpcCode}"}`;
    expect(await faults.moved(errors)).toBeGreaterThanOrEqual(3);
    reply = good;
    expect(await faults.code(USER)).toBe('200');
    await faults.expectSound(errors);
  });

  it.each([
    ['is asked again, once, when the backend says that it has not begun', 7, 'before headers', 2],
    ['is not asked again once the backend has begun', 7, 'after headers', 1],
    ['is not asked again where the backend may have begun', 2, 'before headers', 1],
  ] as const)('of a call that must happen once %s', async (_what, code, progress, expected) => {
    reply = (streamId) => resetAnswer(streamId, code, progress);
    expect(await faults.code('/api/v1/users', NEW_USER)).toBe(code === 7 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_ERROR');
    expect(calls).toBe(expected);
    await faults.expectSound('upstream_grpc_errors_total{upstream="user",method="CreateUser"}');
  });

  it('is asked again without its client noticing, when only the first try is refused', async () => {
    reply = (streamId) => {
      reply = good;
      return resetAnswer(streamId, 7, 'before headers');
    };
    expect(await faults.code('/api/v1/users', NEW_USER)).toBe('201');
    expect(calls).toBe(2);
    await faults.expectSound('upstream_grpc_requests_total{upstream="user",method="CreateUser",code="OK"}');
  });
});
