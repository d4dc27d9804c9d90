import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { BackendStub, GOOD, SILENT } from '../support/backend-stub.js';
import { QUICK_CIRCUIT } from '../support/fault-settings.js';
import { FaultFixture } from '../support/fault-fixture.js';
import { type Http2Reply, trailersOnly } from '../support/http2-stub.js';

const USER = '/api/v1/users/acme-alice';
const IN_FLIGHT = 'gateway_upstream_in_flight_requests{upstream="user"}';
const HALF_OPEN = 'gateway_circuit_state{upstream="user",state="half_open"}';
const CLOSED = 'gateway_circuit_state{upstream="user",state="closed"}';
const OPENED = 'gateway_circuit_transitions_total{upstream="user",to="open"}';
const TRIED = 'gateway_circuit_transitions_total{upstream="user",to="half_open"}';

let faults: FaultFixture;
afterEach(() => faults.close());

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  faults = await FaultFixture.start({ env: { ...QUICK_CIRCUIT, ...env } });
}

describe('a flapping service (FI-30)', () => {
  it('changes the circuit no more often than its pauses allow, and leaves nothing behind', async () => {
    await start({ GATEWAY_CIRCUIT_OPEN: '400ms', GATEWAY_USER_TIMEOUT: '5s' });
    const startedAt = performance.now();
    for (let n = 0; n < 6; n++) {
      await faults.sandbox.setFault('user', { mode: n % 2 === 0 ? 'down' : 'none' });
      await faults.codes(USER, 10);
    }
    const pauses = (performance.now() - startedAt) / (400 * 0.9);
    expect(await faults.moved(OPENED)).toBeLessThanOrEqual(Math.ceil(pauses) + 1);
    await expect.poll(() => faults.code(USER)).toBe('200');
    await faults.expectSound(OPENED);
  });
});

describe('a tenant whose requests all fail (FI-31)', () => {
  it('opens no circuit for others by bad requests, nor by leaving its calls no time', async () => {
    await start();
    expect(new Set(await faults.codes('/api/v1/users/nobody', 10))).toEqual(new Set(['NOT_FOUND']));
    await faults.sandbox.setFault('user', { mode: 'slow', latencyMs: 40 });
    const hurried = await faults.codes(USER, 10, { headers: { 'x-request-timeout': '20ms' } });
    expect(new Set(hurried)).toEqual(new Set(['UPSTREAM_TIMEOUT']));
    await faults.sandbox.setFault('user', { mode: 'none' });
    const others = await faults.codes('/api/v1/users/globex-carol', 3, { token: faults.carol });
    expect(others).toEqual(['200', '200', '200']);
    expect(await faults.moved(OPENED)).toBe(0);
    await faults.expectSound(
      'upstream_grpc_errors_total{upstream="user",code="NOT_FOUND"}',
      'upstream_grpc_errors_total{upstream="user",code="DEADLINE_EXCEEDED"}',
    );
  });
});

describe('a healthy slow service that keeps the deadlines of its calls', () => {
  /** Does at the deadline what the gRPC servers of other languages do. */
  const keeping =
    (end: Http2Reply): Http2Reply =>
    (stream, headers) =>
      void setTimeout(() => stream.destroyed || end(stream, headers), Number.parseInt(String(headers['grpc-timeout'])));

  it.each<[string, Http2Reply]>([
    ['RST_STREAM CANCEL, as grpc-go does', (stream) => stream.close(8)],
    ['CANCELLED', trailersOnly({ 'grpc-status': '1' })],
    ['DEADLINE_EXCEEDED, as grpc-js does', trailersOnly({ 'grpc-status': '4' })],
  ])('by %s is closed to nobody, however many clients hurry', async (_what, end) => {
    const stub = await BackendStub.start();
    onTestFinished(() => stub.close());
    await start({ USER_SERVICE_URL: stub.address, GATEWAY_USER_TIMEOUT: '5s' });
    stub.reply = keeping(end);
    const hurried = Array.from({ length: 100 }, () => faults.code(USER, { headers: { 'x-request-timeout': '50ms' } }));
    expect(new Set(await Promise.all(hurried))).toEqual(new Set(['UPSTREAM_TIMEOUT']));
    expect(await faults.moved(OPENED)).toBe(0);
    stub.reply = GOOD;
    expect(await faults.code(USER)).toBe('200');
    await faults.expectSound('upstream_grpc_errors_total{upstream="user",code="DEADLINE_EXCEEDED"}');
  });
});

describe('the try of a circuit (FI-32)', () => {
  it('proves nothing when its client leaves: the next request tries', async () => {
    const stub = await BackendStub.start();
    onTestFinished(() => stub.close());
    const env = { GATEWAY_CIRCUIT_HALF_OPEN_MAX: '1', GATEWAY_USER_TIMEOUT: '10s', USER_SERVICE_URL: stub.address };
    await start(env);
    stub.reply = trailersOnly({ 'grpc-status': '14' });
    await faults.codes(USER, 3);
    stub.reply = SILENT;
    await expect.poll(() => faults.metric(HALF_OPEN)).toBe(1);
    const client = new AbortController();
    const aborted = faults.ask(USER, { signal: client.signal }).catch(() => 'aborted');
    await expect.poll(() => faults.metric(IN_FLIGHT)).toBe(1);
    expect(await faults.code(USER)).toBe('CIRCUIT_OPEN');
    client.abort();
    expect(await aborted).toBe('aborted');
    await expect.poll(() => faults.metric(IN_FLIGHT)).toBe(0);
    expect(await faults.metric(HALF_OPEN)).toBe(1);
    stub.reply = GOOD;
    expect(await faults.code(USER)).toBe('200');
    expect(await faults.metric(CLOSED)).toBe(1);
    await faults.expectSound(OPENED, TRIED);
  });

  it('succeeds with an answer that is the fault of its request', async () => {
    await start({ GATEWAY_CIRCUIT_HALF_OPEN_MAX: '1', GATEWAY_USER_TIMEOUT: '5s' });
    await faults.sandbox.setFault('user', { mode: 'down' });
    await faults.codes(USER, 3);
    await faults.sandbox.setFault('user', { mode: 'none' });
    await expect.poll(() => faults.code('/api/v1/users/nobody')).toBe('NOT_FOUND');
    expect(await faults.metric(CLOSED)).toBe(1);
    await faults.expectSound(OPENED, TRIED);
  });

  it('fails at its deadline when it is never answered', async () => {
    await start({ GATEWAY_USER_TIMEOUT: '500ms' });
    await faults.sandbox.setFault('user', { mode: 'hang' });
    await faults.codes(USER, 3);
    expect(await faults.moved(OPENED)).toBe(1);
    await expect.poll(() => faults.metric(HALF_OPEN)).toBe(1);
    expect(await faults.code(USER)).toBe('UPSTREAM_TIMEOUT');
    expect(await faults.moved(OPENED)).toBe(2);
    await faults.sandbox.setFault('user', { mode: 'none' });
    await faults.expectSound(OPENED, TRIED);
  });
});
