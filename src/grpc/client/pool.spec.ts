import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../../test/support/failure.js';
import { grpcBackend, type GrpcBackend } from '../../../test/support/grpc-backend.js';
import { answer, frame, http2Stub } from '../../../test/support/http2-stub.js';
import { getUserCall, GRPC_SETTINGS, openHttp2, UNOBSERVED, upstreamConfig } from '../../../test/support/transport.js';
import { Http2Transport } from './http2-transport.js';
import type { PoolSettings } from './pool-settings.js';
import { parseTarget } from './target.js';
import { until } from '../../../test/support/until.js';

const OK_REPLY = answer(frame(Buffer.from('x')), { 'grpc-status': '0' });
const PATH = '/user.v1.UserService/GetUser';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

/** A pod and how many calls it has seen. */
interface Pod extends GrpcBackend {
  calls: number;
  /** Hold the next call back. */
  hold: boolean;
  /** Lets the call go on that was held back. */
  release: (() => void) | undefined;
}

function holdBack(pod: Pod, release: () => void): void {
  pod.hold = false;
  pod.release = release;
}

async function pod(): Promise<Pod> {
  const seen = { calls: 0, hold: false, release: undefined };
  const backend = await grpcBackend({
    unary: {
      [PATH]: async (call) => {
        made.calls += 1;
        if (made.hold) await new Promise<void>((resolve) => holdBack(made, resolve));
        return call.request;
      },
    },
  });
  const made: Pod = Object.assign(seen, backend);
  toClose.push(() => backend.close());
  return made;
}

/** What the name of the upstream stands for; a test changes it. */
let running: readonly Pod[] = [];
beforeEach(() => {
  running = [];
});

function opened(settings: Partial<PoolSettings> = {}): Http2Transport {
  const resolve = async () => running.flatMap(({ target }) => parseTarget(target).addresses);
  const upstream = upstreamConfig('dns:///user.svc:1');
  const transport = new Http2Transport(
    { upstream, grpc: GRPC_SETTINGS, observer: UNOBSERVED, resolve, ...settings },
    GRPC_SETTINGS,
  );
  toClose.push(() => transport.close());
  return transport;
}

const call = () => getUserCall({ deadlineAt: performance.now() + 5_000 });

function serves(transport: Http2Transport): Promise<boolean> {
  return transport.unary(call()).then(
    () => true,
    () => false,
  );
}

async function callUntil(transport: Http2Transport, done: () => boolean): Promise<void> {
  await until(
    async () => {
      await transport.unary(call());
      return done();
    },
    { interval: 1 },
  );
}

function zeroed(...pods: Pod[]): void {
  for (const each of pods) each.calls = 0;
}

describe('the pods of an upstream', () => {
  it('take calls in turn, also one that comes later', async () => {
    const pods = [await pod(), await pod(), await pod()];
    running = pods;
    const transport = opened();
    await callUntil(transport, () => pods.every(({ calls }) => calls > 0));
    zeroed(...pods);
    for (let n = 0; n < 300; n++) await transport.unary(call());
    expect(pods.map(({ calls }) => calls)).toEqual([100, 100, 100]);
    const fourth = await pod();
    running = [...pods, fourth];
    await callUntil(transport, () => fourth.calls > 0);
  });

  it('finish what they have begun when their address is gone, and get nothing more', async () => {
    const [staying, going] = [await pod(), await pod()];
    running = [staying, going];
    const transport = opened();
    await callUntil(transport, () => going.calls > 0 && staying.calls > 0);
    going.hold = true;
    const begun = [transport.unary(call()), transport.unary(call())];
    await until(() => going.release !== undefined);
    running = [staying];
    await until(async () => {
      zeroed(going);
      for (let n = 0; n < 4; n++) await transport.unary(call());
      return going.calls === 0;
    });
    going.release?.();
    expect(await Promise.all(begun)).toHaveLength(2);
  });

  it('are replaced one and all without a failed call', async () => {
    const [before, after] = [
      [await pod(), await pod()],
      [await pod(), await pod()],
    ];
    running = before;
    const transport = opened();
    await callUntil(transport, () => before.every(({ calls }) => calls > 0));
    running = after;
    await callUntil(transport, () => after.every(({ calls }) => calls > 0));
    for (const { server } of before) await new Promise((resolve) => server.tryShutdown(resolve));
    expect(await serves(transport)).toBe(true);
  });

  it('are let go when another can take over', async () => {
    const [before, after] = [await http2Stub(OK_REPLY), await http2Stub(OK_REPLY)];
    toClose.push(
      () => before.close(),
      () => after.close(),
    );
    let target = before.target;
    const transport = opened({ resolve: async () => parseTarget(target).addresses });
    expect(await serves(transport)).toBe(true);
    const gone = new Promise((resolve) => before.sessions[0]?.once('close', resolve));
    target = after.target;
    await gone;
    expect(await serves(transport)).toBe(true);
    expect([before.calls.length, after.calls.length]).toEqual([1, 1]);
  });

  it('serve on while the name cannot be looked up', async () => {
    const only = await pod();
    let fails = false;
    let looks = 0;
    const resolve = async () => {
      looks += 1;
      if (fails) throw new Error('getaddrinfo EAI_AGAIN user.svc');
      return parseTarget(only.target).addresses;
    };
    const transport = opened({ resolve });
    expect(await serves(transport)).toBe(true);
    fails = true;
    looks = 0;
    await until(() => looks > 1);
    expect(await serves(transport)).toBe(true);
  });

  it('are sixteen at most', async () => {
    const pods = await Promise.all(Array.from({ length: 20 }, pod));
    running = pods;
    const transport = opened();
    await callUntil(transport, () => pods.filter(({ calls }) => calls > 0).length === 16);
    for (let n = 0; n < 100; n++) await transport.unary(call());
    expect(pods.filter(({ calls }) => calls > 0)).toHaveLength(16);
  });
});

describe('an upstream that cannot be reached', () => {
  it('fails calls at once, and serves them when it can', async () => {
    let error: Error | undefined = new Error('getaddrinfo ENOTFOUND user.svc');
    const late = await pod();
    const resolve = async () => {
      if (error !== undefined) throw error;
      return parseTarget(late.target).addresses;
    };
    const transport = opened({ resolve });
    const { failure } = await failureOf(transport.unary(call()));
    expect(failure).toMatchObject({ connection: 'dns', retryableUncommitted: true });
    error = undefined;
    await until(() => serves(transport));
  });

  it('is tried again after each pause, and fails calls without a wait in between', async () => {
    const pods = [await pod()];
    running = pods;
    const transport = opened();
    await transport.unary(call());
    const { target } = pods[0] as Pod;
    pods[0]?.server.forceShutdown();
    await until(() =>
      failureOf(transport.unary(call())).then(
        ({ failure }) => failure.connection === 'refused',
        () => false,
      ),
    );
    const { host, port } = parseTarget(target).addresses[0] as { host: string; port: number };
    const again = await grpcBackend({ unary: { [PATH]: ({ request }) => request }, address: `${host}:${port}` });
    toClose.push(() => again.close());
    await until(() => serves(transport));
    expect(await serves(transport)).toBe(true);
  });
});

describe('the certificates of an upstream', () => {
  const pem = (name: string): string =>
    fileURLToPath(new URL(`../../../test/support/tls/${name}.pem`, import.meta.url));

  it('are read anew for each connection', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
    toClose.push(() => rmSync(folder, { recursive: true }));
    const caFile = join(folder, 'ca.pem');
    copyFileSync(pem('client'), caFile);
    const keys = [{ private_key: readFileSync(pem('server-key')), cert_chain: readFileSync(pem('server')) }];
    const backend = await grpcBackend({
      unary: { [PATH]: ({ request }) => request },
      credentials: ServerCredentials.createSsl(null, keys),
    });
    toClose.push(() => backend.close());
    const tls = { mode: 'tls', caFile, certFile: undefined, keyFile: undefined, serverName: 'user.internal' } as const;
    const transport = openHttp2(upstreamConfig(backend.target, { tls }));
    toClose.push(() => transport.close());
    expect((await failureOf(transport.unary(call()))).failure.connection).toBe('tls');
    copyFileSync(pem('ca'), caFile);
    await until(() => serves(transport));
    rmSync(caFile);
    expect(await transport.unary(call())).toEqual(Buffer.from('request'));
  });
});
