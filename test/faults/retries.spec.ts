import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BackendStub, GOOD } from '../support/backend-stub.js';
import { NO_CIRCUIT } from '../support/fault-settings.js';
import { FaultFixture } from '../support/fault-fixture.js';
import { trailersOnly } from '../support/http2-stub.js';

const USER = '/api/v1/users/acme-alice';
const NEW_USER = { method: 'POST', body: { email: 'dora@acme.test', username: 'dora' } };
const RETRIES = 'upstream_grpc_retries_total{upstream="user"}';
const ERRORS = 'upstream_grpc_errors_total{upstream="user",code="UNAVAILABLE"}';

let stub: BackendStub;
let faults: FaultFixture;
beforeAll(async () => {
  stub = await BackendStub.start();
  faults = await FaultFixture.start({ env: { ...NO_CIRCUIT, USER_SERVICE_URL: stub.address } });
});
afterAll(async () => {
  await faults.close();
  await stub.close();
});
beforeEach(() => {
  stub.calls.length = 0;
});

describe('a service that is always unavailable (REL-3)', () => {
  it('is asked to create something once a request', async () => {
    stub.reply = trailersOnly({ 'grpc-status': '14' });
    expect(new Set(await faults.codes('/api/v1/users', 20, NEW_USER))).toEqual(new Set(['UPSTREAM_UNAVAILABLE']));
    expect(stub.calls).toHaveLength(20);
    expect(await faults.moved(RETRIES)).toBe(0);
    await faults.expectSound(ERRORS);
  });

  it.each(['-1', 'soon'])('is asked once a request when it wants no more: pushback %s', async (pushback) => {
    stub.reply = trailersOnly({ 'grpc-status': '14', 'grpc-retry-pushback-ms': pushback });
    expect(new Set(await faults.codes(USER, 5))).toEqual(new Set(['UPSTREAM_UNAVAILABLE']));
    expect(stub.calls).toHaveLength(5);
    await faults.expectSound(ERRORS);
  });

  it('is asked again for a read, but hardly more often than there are requests', async () => {
    stub.reply = trailersOnly({ 'grpc-status': '14' });
    const load = () => Promise.all(Array.from({ length: 20 }, () => faults.codes(USER, 20)));
    expect(new Set((await load()).flat())).toEqual(new Set(['UPSTREAM_UNAVAILABLE']));
    expect(stub.calls.length).toBeGreaterThan(400);
    expect(stub.calls.length).toBeLessThanOrEqual(440);
    stub.reply = GOOD;
    await faults.expectSound(ERRORS, RETRIES);
  });
});
