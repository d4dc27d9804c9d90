import { afterEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { LASTING_CIRCUIT } from '../support/fault-settings.js';
import { FaultFixture } from '../support/fault-fixture.js';

const USER = '/api/v1/users/acme-alice';
const TIMEOUTS = 'upstream_grpc_errors_total{upstream="user",method="GetUser",code="DEADLINE_EXCEEDED"}';

let faults: FaultFixture;
afterEach(() => faults.close());

describe('a service that accepts connections and says nothing (FI-4)', () => {
  it.each([
    ['on a connection that was sound', false],
    ['from the first byte on', true],
  ])('%s costs a few requests their deadline, then none', async (_what, isNew) => {
    const sandbox = await startSandbox({ faultServer: false, idp: false });
    if (isNew) await sandbox.setFault('user', { mode: 'hang' });
    // So long that a busy machine does not take most of it: calls that the gateway itself held up do not count.
    const env = { ...LASTING_CIRCUIT, GATEWAY_USER_TIMEOUT: '500ms' };
    faults = await FaultFixture.start({ sandbox, env });
    const userPort = Number(sandbox.userUrl.split(':')[1]);
    await expect.poll(() => faults.openSockets().get(userPort)).toBeGreaterThan(0);
    await sandbox.setFault('user', { mode: 'hang' });
    const seen = await faults.codes(USER, 5);
    expect(seen).toEqual([...Array<string>(3).fill('UPSTREAM_TIMEOUT'), 'CIRCUIT_OPEN', 'CIRCUIT_OPEN']);
    const many = await Promise.all(Array.from({ length: 50 }, () => faults.code(USER)));
    expect(new Set(many)).toEqual(new Set(['CIRCUIT_OPEN']));
    expect(await faults.metric('gateway_upstream_in_flight_requests{upstream="user"}')).toBe(0);
    await sandbox.setFault('user', { mode: 'none' });
    await faults.expectSound(TIMEOUTS, 'gateway_circuit_transitions_total{upstream="user",to="open"}');
  });
});
