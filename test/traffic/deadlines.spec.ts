import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { http2Stub, type Http2Stub, trailersOnly } from '../support/http2-stub.js';
import { expectFetchProblem } from '../support/problem.js';

const USER = '/api/v1/users/acme-alice';

let stub: Http2Stub;
let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  stub = await http2Stub();
  const env = {
    USER_SERVICE_URL: stub.target.replace('ipv4:', ''),
    GATEWAY_USER_TIMEOUT: '10s',
    GATEWAY_CIRCUIT_ERROR_PERCENT: '100',
    GATEWAY_CIRCUIT_MIN_REQUESTS: '10000',
  };
  gateway = await startTestGateway({ env, waitUntilReady: false });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(async () => {
  await gateway.close();
  await stub.close();
});
beforeEach(() => {
  stub.reply = trailersOnly({ 'grpc-status': '5' });
  stub.calls.length = 0;
});

/** Timeouts that the backend received, in ms, one per call. */
function given(): number[] {
  const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
  return stub.calls
    .filter((headers) => String(headers[':path']).startsWith('/user.'))
    .map(({ 'grpc-timeout': value }) => parseInt(String(value), 10) * (units[String(value).slice(-1)] ?? NaN));
}

describe('the time that a backend is given', () => {
  it('is that of its upstream, as it is left', async () => {
    await alice.get(USER);
    expect(given()).toHaveLength(1);
    expect(given()[0]).toBeLessThanOrEqual(10_000);
    expect(given()[0]).toBeGreaterThan(1_500);
  });

  it.each([{ 'x-request-timeout': '1500ms' }, { 'x-request-timeout': '1.5' }, { 'grpc-timeout': '1500m' }])(
    'is less when the client says so: %o',
    async (headers) => {
      await alice.get(USER, headers);
      expect(given()[0]).toBeLessThanOrEqual(1_500);
    },
  );

  it('is never more than the gateway would give', async () => {
    await alice.get(USER, { 'x-request-timeout': '1h' });
    expect(given()[0]).toBeLessThanOrEqual(10_000);
  });

  it('is over when the client said it would be', async () => {
    stub.reply = () => undefined;
    await expectFetchProblem(await alice.get(USER, { 'x-request-timeout': '50ms' }), 'UPSTREAM_TIMEOUT');
  });

  it('also ends a stream when its client says so', async () => {
    const headers = { 'x-request-timeout': '300ms' };
    const query = { query: 'stream 1000 tokens slow 10ms' };
    const body = await (await alice.send('POST', '/api/v1/ai:stream', query, headers)).text();
    expect(body).toContain('event: error');
    expect(body).toContain('UPSTREAM_TIMEOUT');
  });
});

describe('a time that cannot be read', () => {
  it.each([
    ['X-Request-Timeout', 'soon'],
    ['X-Request-Timeout', '0'],
    ['Grpc-Timeout', '5'],
  ])('in %s is refused by name, before any work', async (header, value) => {
    const body = await expectFetchProblem(await alice.get(USER, { [header]: value }), 'INVALID_ARGUMENT');
    expect(body.detail).toContain(header);
    expect(given()).toEqual([]);
  });
});
