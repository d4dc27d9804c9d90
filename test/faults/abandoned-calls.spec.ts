import { afterAll, beforeAll, expect, it } from 'vitest';
import { BackendStub, GOOD, SILENT } from '../support/backend-stub.js';
import { QUICK_CIRCUIT } from '../support/fault-settings.js';
import { FaultFixture } from '../support/fault-fixture.js';

const USER = '/api/v1/users/acme-alice';

let stub: BackendStub;
let faults: FaultFixture;
beforeAll(async () => {
  stub = await BackendStub.start();
  const env = { ...QUICK_CIRCUIT, USER_SERVICE_URL: stub.address, GATEWAY_USER_TIMEOUT: '20s' };
  faults = await FaultFixture.start({ env });
});
afterAll(async () => {
  await faults.close();
  await stub.close();
});

it('a hundred clients that leave are a hundred calls that their backend is told to end, and no reason to open its circuit (REL-2)', async () => {
  stub.reply = SILENT;
  const clients = new AbortController();
  const gone = Array.from({ length: 100 }, () =>
    faults.ask(USER, { signal: clients.signal }).catch((error: unknown) => (error as Error).name),
  );
  await expect.poll(() => stub.openStreams).toBe(100);
  clients.abort();
  expect(new Set(await Promise.all(gone))).toEqual(new Set(['AbortError']));
  await expect.poll(() => stub.resets).toBe(100);
  expect(stub.openStreams).toBe(0);
  expect(stub.calls).toHaveLength(100);
  stub.reply = GOOD;
  expect(await faults.codes(USER, 3)).toEqual(['200', '200', '200']);
  expect(await faults.moved('gateway_circuit_transitions_total{upstream="user",to="open"}')).toBe(0);
  await faults.expectSound('http_requests_total{path="/api/v1/users/{user_id}",status="499"}');
});
