import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  answer,
  frame,
  http2Stub,
  type Http2Reply,
  type Http2Stub,
  trailersOnly,
} from '../../../test/support/http2-stub.js';
import { rawPeer } from '../../../test/support/raw-http2.js';
import { getUserCall, GRPC_SETTINGS, upstreamConfig } from '../../../test/support/transport.js';
import { FrameType } from '../h2/frames.js';
import { Http2Transport } from './http2-transport.js';
import { until } from '../../../test/support/until.js';

const SOUND = answer(frame(Buffer.from('x')), { 'grpc-status': '0' });
const FAULT = trailersOnly({ 'grpc-status': '13' });
const NOT_FOUND = trailersOnly({ 'grpc-status': '5' });
const SILENCE: Http2Reply = () => undefined;

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of toClose.splice(0).reverse()) await close();
});

interface Pods {
  readonly pods: readonly Http2Stub[];
  readonly transport: Http2Transport;
  readonly ejected: string[];
}

/** A pod for each reply, all of them connected. */
async function podsOf(...replies: Http2Reply[]): Promise<Pods> {
  const pods = await Promise.all(replies.map((reply) => http2Stub(reply)));
  toClose.push(...pods.map((pod) => () => pod.close()));
  return { pods, ...(await connected(pods.map(({ target }) => target))) };
}

async function connected(targets: readonly string[]): Promise<Omit<Pods, 'pods'>> {
  const ejected: string[] = [];
  const upstream = upstreamConfig(`ipv4:${targets.map((target) => target.replace('ipv4:', '')).join(',')}`);
  const observer = {
    ejected: (address: string) => void ejected.push(address),
    replaced: () => undefined,
    tooManyPings: () => undefined,
  };
  const transport = new Http2Transport({ upstream, grpc: GRPC_SETTINGS, observer }, GRPC_SETTINGS);
  toClose.push(() => transport.close());
  await until(() => transport.endpointCounts().ready === targets.length);
  return { transport, ejected };
}

/** Makes calls concurrently, and returns their codes. */
async function calls({ transport }: Pods, count: number, overrides: Parameters<typeof getUserCall>[0] = {}) {
  const call = () => transport.unary(getUserCall({ deadlineAt: performance.now() + 1_000, ...overrides }));
  const outcomes = Array.from({ length: count }, () =>
    call().then(
      () => 'OK',
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  return new Set(await Promise.all(outcomes));
}

function forget({ pods }: Pods): void {
  for (const pod of pods) pod.calls.length = 0;
}

describe('a pod whose answers fail one after the other', () => {
  it.each([
    ['two', FAULT, [SOUND]],
    ['three', FAULT, [SOUND, SOUND]],
    ['three, which says nothing,', SILENCE, [SOUND, SOUND]],
  ])('of %s gets no calls for a while', async (_, sick, others) => {
    const fixture = await podsOf(sick, ...others);
    await calls(fixture, 40);
    forget(fixture);
    expect(await calls(fixture, 40)).toEqual(new Set(['OK']));
    expect(fixture.pods[0]?.calls).toHaveLength(0);
    expect(fixture.ejected).toEqual([fixture.pods[0]?.target.replace('ipv4:', '')]);
    expect(fixture.transport.endpointCounts()).toEqual({ ready: others.length, ejected: 1, connecting: 0 });
  });

  it('gets calls again afterwards, over a new connection', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const fixture = await podsOf(FAULT, SOUND);
    const [sick] = fixture.pods as [Http2Stub];
    await calls(fixture, 40);
    sick.reply = SOUND;
    await vi.advanceTimersByTimeAsync(40_000);
    await until(() => fixture.transport.endpointCounts().ready === 2);
    forget(fixture);
    expect(await calls(fixture, 40)).toEqual(new Set(['OK']));
    expect(sick.calls.length).toBe(20);
    expect(sick.sessions.length).toBeGreaterThan(1);
  });

  it('goes on when it is the only one, and half of them do when all fail', async () => {
    const alone = await podsOf(FAULT);
    await calls(alone, 40);
    expect(alone.pods[0]?.calls).toHaveLength(40);
    const fixture = await podsOf(FAULT, FAULT, FAULT, FAULT);
    await calls(fixture, 100);
    expect(fixture.transport.endpointCounts()).toEqual({ ready: 2, ejected: 2, connecting: 0 });
  });

  it('gets calls all the same while no other pod is connected', async () => {
    const fixture = await podsOf(FAULT, SOUND);
    const [sick, other] = fixture.pods as [Http2Stub, Http2Stub];
    await calls(fixture, 40);
    sick.reply = SOUND;
    await other.close();
    await until(() => fixture.transport.endpointCounts().ready === 0);
    forget(fixture);
    expect(await calls(fixture, 4)).toEqual(new Set(['OK']));
    expect(sick.calls).toHaveLength(4);
    expect(fixture.transport.endpointCounts().ejected).toBe(1);
  });
});

describe('a pod is not to blame', () => {
  it('for an answer that its caller did not want', async () => {
    const fixture = await podsOf(NOT_FOUND, SOUND);
    await calls(fixture, 40);
    expect(fixture.transport.endpointCounts()).toEqual({ ready: 2, ejected: 0, connecting: 0 });
  });

  it('for clients that leave it no time, or leave', async () => {
    const fixture = await podsOf(SILENCE, SOUND);
    await calls(fixture, 40, { hasClientDeadline: true });
    const controller = new AbortController();
    const left = calls(fixture, 40, { signal: controller.signal });
    controller.abort();
    await left;
    expect(fixture.transport.endpointCounts()).toEqual({ ready: 2, ejected: 0, connecting: 0 });
  });

  it('for keeping a deadline that leaves it no time', async () => {
    const keeps: Http2Reply = (stream, headers) =>
      void setTimeout(() => stream.close(8), Number.parseInt(String(headers['grpc-timeout'])));
    const fixture = await podsOf(keeps, SOUND);
    await calls(fixture, 40, { hasClientDeadline: true, deadlineAt: performance.now() + 60 });
    expect(fixture.transport.endpointCounts()).toEqual({ ready: 2, ejected: 0, connecting: 0 });
  });

  it('for a connection that broke: that is made anew', async () => {
    const sound = await http2Stub(SOUND);
    const broken = await rawPeer(() => undefined);
    toClose.push(
      () => sound.close(),
      () => broken.close(),
    );
    const { transport, ejected } = await connected([sound.target, broken.target]);
    const begun = Array.from({ length: 40 }, () => transport.unary(getUserCall()).catch(() => undefined));
    await until(() => broken.connections[0]?.of(FrameType.HEADERS).length === 20);
    broken.connections[0]?.socket.destroy();
    await Promise.all(begun);
    await until(() => transport.endpointCounts().ready === 2);
    expect(ejected).toEqual([]);
  });
});
