import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import { type BytesCall, grpcBackend, type GrpcBackend } from '../../test/support/grpc-backend.js';
import { getUserCall, TRANSPORTS, upstreamConfig } from '../../test/support/transport.js';
import type { UpstreamTransport } from './transport.js';
import { GatewayError } from '../domain/errors.js';

const PATH = '/user.v1.UserService/GetUser';

let backend: GrpcBackend;
let transport: UpstreamTransport;
afterEach(() => {
  transport.close();
  backend.close();
});

/** An AbortSignal that knows how many listen. */
function countedSignal(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  return { controller, listeners: () => listeners };
}

/** A backend call that waits until it is cancelled. */
function hanging(): {
  handle: (call: BytesCall) => Promise<Buffer>;
  arrived: Promise<BytesCall>;
  cancelled: Promise<void>;
} {
  const arrived = Promise.withResolvers<BytesCall>();
  const cancelled = Promise.withResolvers<void>();
  const handle = (call: BytesCall): Promise<Buffer> => {
    call.on('cancelled', () => cancelled.resolve());
    arrived.resolve(call);
    return new Promise(() => undefined);
  };
  return { handle, arrived: arrived.promise, cancelled: cancelled.promise };
}

describe.each(TRANSPORTS)('a unary call over $name', ({ open }) => {
  async function serving(handle: (call: BytesCall) => Promise<Buffer> | Buffer): Promise<void> {
    backend = await grpcBackend({ unary: { [PATH]: handle } });
    transport = open(upstreamConfig(backend.target));
  }

  it('carries bytes unchanged both ways, protobuf or not', async () => {
    await serving((call) => Buffer.concat([call.request, Buffer.from([0x80])]));
    const request = new Uint8Array(Buffer.from([9, 0xff, 0x00, 0x7f, 0x80, 9])).subarray(1, 5);
    expect(await transport.unary(getUserCall({ request }))).toEqual(Buffer.from([0xff, 0x00, 0x7f, 0x80, 0x80]));
  });

  it('carries an empty message', async () => {
    await serving((call) => call.request);
    expect(await transport.unary(getUserCall({ request: Buffer.alloc(0) }))).toHaveLength(0);
  });

  it('tells the backend its deadline', async () => {
    let deadline = 0;
    await serving((call) => {
      deadline = Number(call.getDeadline());
      return Buffer.alloc(0);
    });
    const before = Date.now();
    await transport.unary(getUserCall({ deadlineAt: performance.now() + 60_000 }));
    expect(deadline).toBeGreaterThan(before + 59_000);
    expect(deadline).toBeLessThanOrEqual(Date.now() + 60_001);
  });

  it('ends at its deadline, also at the backend', async () => {
    const { handle, cancelled } = hanging();
    await serving(handle);
    const { error, failure } = await failureOf(transport.unary(getUserCall({ deadlineAt: performance.now() + 600 })));
    expect(error).toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      detail: 'The "user" service did not answer: context deadline exceeded.',
    });
    expect(failure).toMatchObject({
      grpcCode: 'DEADLINE_EXCEEDED',
      origin: 'local',
      backendFault: true,
      connection: undefined,
    });
    await cancelled;
  });

  it('is refused without a deadline: it could hang for ever', async () => {
    await serving((call) => call.request);
    await expect(transport.unary(getUserCall({ deadlineAt: Infinity }))).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('is cancelled at the backend when the client leaves', async () => {
    const { handle, arrived, cancelled } = hanging();
    await serving(handle);
    const { controller, listeners } = countedSignal();
    const failed = failureOf(transport.unary(getUserCall({ signal: controller.signal })));
    await arrived;
    expect(listeners()).toBe(1);
    controller.abort();
    const { error, failure } = await failed;
    expect(error.code).toBe('CLIENT_CLOSED');
    expect(failure).toMatchObject({ grpcCode: 'CANCELLED', origin: 'local', backendFault: false });
    expect(listeners()).toBe(0);
    await cancelled;
  });

  it('fails of what its request was given up for', async () => {
    const { handle, arrived } = hanging();
    await serving(handle);
    const controller = new AbortController();
    const failed = failureOf(transport.unary(getUserCall({ signal: controller.signal })));
    await arrived;
    controller.abort(new GatewayError('DRAINING', 'The gateway is shutting down.', { retryAfterSeconds: 1 }));
    expect((await failed).error).toMatchObject({ code: 'DRAINING', retryAfterSeconds: 1 });
  });

  it('is never sent for a client that has left already', async () => {
    let calls = 0;
    await serving((call) => {
      calls += 1;
      return call.request;
    });
    const { error } = await failureOf(transport.unary(getUserCall({ signal: AbortSignal.abort() })));
    expect(error.code).toBe('CLIENT_CLOSED');
    await transport.unary(getUserCall());
    expect(calls).toBe(1);
  });

  it('leaves no listener behind when it succeeds', async () => {
    await serving((call) => call.request);
    const { controller, listeners } = countedSignal();
    await Promise.all(Array.from({ length: 20 }, () => transport.unary(getUserCall({ signal: controller.signal }))));
    expect(listeners()).toBe(0);
  });

  it('shares its connection with all others', async () => {
    const peers = new Set<string>();
    await serving((call) => {
      peers.add(call.getPeer());
      return call.request;
    });
    await Promise.all(Array.from({ length: 50 }, () => transport.unary(getUserCall())));
    expect(peers.size).toBe(1);
  });

  it('a hundred abandoned calls are a hundred cancels at the backend', async () => {
    let arrivedCount = 0;
    let cancelledCount = 0;
    const arrived = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    await serving((call) => {
      call.on('cancelled', () => {
        cancelledCount += 1;
        if (cancelledCount === 100) cancelled.resolve();
      });
      arrivedCount += 1;
      if (arrivedCount === 100) arrived.resolve();
      return new Promise<Buffer>(() => undefined);
    });
    const controller = new AbortController();
    const calls = Array.from({ length: 100 }, () =>
      transport.unary(getUserCall({ signal: controller.signal, deadlineAt: performance.now() + 10_000 })),
    );
    const outcomes = Promise.allSettled(calls);
    await arrived.promise;
    controller.abort();
    await cancelled.promise;
    expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true);
  });
});
