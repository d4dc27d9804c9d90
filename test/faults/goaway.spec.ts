import { afterEach, describe, expect, it } from 'vitest';
import { Flag, frame, FrameType } from '../../src/grpc/h2/frames.js';
import { ALICE, BackendStub, GOOD } from '../support/backend-stub.js';
import { NO_CIRCUIT } from '../support/fault-settings.js';
import { FaultFixture } from '../support/fault-fixture.js';
import type { FaultOptions } from '../support/gateway-under-fault.js';
import { POISON_HEADERS } from '../support/poison-headers.js';
import { sendRaw } from '../support/raw-http.js';
import { goAwayFrame, goodAnswer, rawPeer, type RawPeer } from '../support/raw-http2.js';
import { TESTED_TRANSPORT } from '../support/tested-transport.js';

const USER = '/api/v1/users/acme-alice';
const CHANGE = { method: 'PATCH', body: { displayName: 'Alice' } };
const KEEPALIVE = { keepaliveTimeMs: 100, keepaliveTimeoutMs: 50 };
const ERRORS = 'upstream_grpc_errors_total{upstream="user"';

let faults: FaultFixture;
let backend: BackendStub | RawPeer;
afterEach(async () => {
  await faults.close();
  await backend.close();
});

async function startBefore(address: string, grpc: FaultOptions['grpc'] = {}): Promise<void> {
  const env = { ...NO_CIRCUIT, USER_SERVICE_URL: address, GATEWAY_USER_TIMEOUT: '10s' };
  faults = await FaultFixture.start({ env, grpc });
}

/** Reads and writes, all concurrently. */
function twenty(): Promise<string[]> {
  return Promise.all(Array.from({ length: 20 }, (_, n) => faults.code(USER, n % 2 === 0 ? {} : CHANGE)));
}

describe('a backend that says GOAWAY with NO_ERROR (FI-7)', () => {
  async function start(grpc?: FaultOptions['grpc']): Promise<BackendStub> {
    const stub = await BackendStub.start();
    backend = stub;
    await startBefore(stub.address, grpc);
    return stub;
  }

  it('loses no call in flight, nor is one lost to the poison that another tenant sends meanwhile (FI-29)', async () => {
    const stub = await start();
    const held: (() => void)[] = [];
    stub.reply = (stream, headers) => void held.push(() => GOOD(stream, headers));
    const inFlight = twenty();
    await expect.poll(() => held.length).toBe(20);
    stub.reply = GOOD;
    const sessions = stub.http2.sessions.length;
    for (const session of stub.http2.sessions) if (!session.closed) session.close();
    const statuses: number[] = [];
    for (const header of POISON_HEADERS) {
      const head = `GET /api/v1/users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${faults.carol}\r\n${header}\r\n`;
      const [response] = await sendRaw(faults.url, `${head}Connection: close\r\n\r\n`);
      statuses.push(response?.status ?? 0);
    }
    faults.sentBesides(POISON_HEADERS.length);
    // What passes gets a user in place of a list, which cannot be read.
    expect(new Set(statuses)).toEqual(new Set([400, 502]));
    expect(await faults.codes(USER, 3)).toEqual(['200', '200', '200']);
    for (const release of held) release();
    expect(new Set(await inFlight)).toEqual(new Set(['200']));
    expect(stub.http2.sessions.length - sessions).toBeLessThanOrEqual(4);
    await faults.expectSound('upstream_grpc_requests_total{upstream="user",method="UpdateUser",code="OK"}');
  });

  it('loses none either when it does so again and again, since its connections may not grow old', async () => {
    const stub = await start();
    let calls = 0;
    stub.reply = (stream, headers) => {
      if (++calls % 10 === 0) stream.session?.close();
      GOOD(stream, headers);
    };
    for (let n = 0; n < 8; n++) expect(new Set(await twenty())).toEqual(new Set(['200']));
    expect(stub.http2.sessions.length).toBeGreaterThan(5);
    await faults.expectSound('upstream_grpc_requests_total{upstream="user",code="OK"}');
  });

  it('is left by the gateway itself when connections grow old, and loses none by that either', async () => {
    const stub = await start({ connectionMaxAgeMs: 100 });
    await expect
      .poll(async () => {
        expect(new Set(await twenty())).toEqual(new Set(['200']));
        return stub.http2.sessions.length;
      })
      .toBeGreaterThan(4);
    await faults.expectSound('upstream_grpc_requests_total{upstream="user",code="OK"}');
  });
});

describe('a backend that says GOAWAY with an error (FI-7)', () => {
  let isHolding = false;
  let calls = 0;
  /** Moments at which the newest connection was pinged, its own beginning first. */
  let pings: number[] = [];

  async function start(): Promise<RawPeer> {
    const peer = await rawPeer(({ type, flags, streamId, payload }, connection) => {
      if (type === FrameType.DATA) calls += 1;
      if (type === FrameType.DATA && !isHolding) connection.send(goodAnswer(streamId, ALICE));
      if (type !== FrameType.PING || (flags & Flag.ACK) !== 0) return;
      pings.push(performance.now());
      connection.send(frame(FrameType.PING, Flag.ACK, 0, payload));
    });
    isHolding = false;
    backend = peer;
    await startBefore(peer.target, KEEPALIVE);
    expect(await faults.code(USER)).toBe('200');
    return peer;
  }

  /** Holds calls back until they are lost with their connection. */
  async function loseTwenty(peer: RawPeer, code: number, debug = ''): Promise<string[]> {
    isHolding = true;
    calls = 0;
    const inFlight = twenty();
    await expect.poll(() => calls).toBe(20);
    isHolding = false;
    pings = [];
    for (const { socket } of peer.connections) socket.end(goAwayFrame(0x7fffffff, code, debug));
    return inFlight;
  }

  it('loses the calls in flight with 502, and none after them', async () => {
    const peer = await start();
    expect(new Set(await loseTwenty(peer, 2))).toEqual(new Set(['UPSTREAM_ERROR']));
    expect(await faults.code(USER)).toBe('200');
    expect(await faults.moved('upstream_grpc_connection_failures_total{reason="goaway"}')).toBe(20);
    await faults.expectSound(`${ERRORS},code="INTERNAL"}`);
  });

  it('for too many pings loses them with 503, no 429, and is pinged half as often from then on', async () => {
    const peer = await start();
    pings = [];
    await expect.poll(() => pings.length).toBeGreaterThan(2);
    expect(new Set(await loseTwenty(peer, 11, 'too_many_pings'))).toEqual(new Set(['UPSTREAM_UNAVAILABLE']));
    expect(await faults.code(USER)).toBe('200');
    await expect.poll(() => pings.length).toBeGreaterThan(3);
    const pauses = pings.slice(1).map((at, n) => at - (pings[n] ?? 0));
    // A timer may be early by a part of a millisecond.
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(2 * KEEPALIVE.keepaliveTimeMs - 1);
    // grpc-js doubles the time as well, and tells nobody.
    if (TESTED_TRANSPORT === 'grpc-js') return faults.expectSound(`${ERRORS},code="RESOURCE_EXHAUSTED"}`);
    expect(faults.lines.map(({ msg }) => String(msg)).filter((text) => text.startsWith('too_many_pings'))).toHaveLength(
      1,
    );
    await faults.expectSound(
      `${ERRORS},code="RESOURCE_EXHAUSTED"}`,
      'upstream_grpc_too_many_pings_total{upstream="user"}',
    );
  });
});
