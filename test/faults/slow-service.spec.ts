import { afterEach, describe, expect, it } from 'vitest';
import { NO_CIRCUIT } from '../support/fault-settings.js';
import { FaultFixture } from '../support/fault-fixture.js';

const USER = '/api/v1/users/acme-alice';
const REJECTED = 'gateway_circuit_rejections_total{upstream="user",reason=';

let faults: FaultFixture;
afterEach(() => faults.close());

describe('a slow service (FI-9)', () => {
  it('answers within its deadline; beyond it the call is cancelled there too', async () => {
    faults = await FaultFixture.start({ env: { ...NO_CIRCUIT, GATEWAY_USER_TIMEOUT: '2s' } });
    const { sandbox } = faults;
    await sandbox.setFault('user', { mode: 'slow', latencyMs: 100 });
    expect(await faults.codes(USER, 2)).toEqual(['200', '200']);
    expect(sandbox.calls.list().filter(({ cancelled }) => cancelled)).toEqual([]);
    await sandbox.setFault('user', { mode: 'slow', latencyMs: 1_200 });
    const both = await Promise.all([faults.code(USER), faults.code(USER)]);
    expect(both).toEqual(['UPSTREAM_TIMEOUT', 'UPSTREAM_TIMEOUT']);
    await sandbox.setFault('user', { mode: 'none' });
    expect(await faults.code(USER)).toBe('200');
    await faults.expectSound('upstream_grpc_errors_total{upstream="user",code="DEADLINE_EXCEEDED"}');
  });

  it('takes so many calls and no more; the others are refused fast and other services are as they were', async () => {
    const env = {
      ...NO_CIRCUIT,
      GATEWAY_USER_TIMEOUT: '20s',
      GATEWAY_USER_MAX_CONCURRENT: '4',
      GATEWAY_TENANT_SHARE_PERCENT: '100',
      GATEWAY_QUEUE_SIZE: '2',
      // Longer than the requests take to arrive.
      GATEWAY_QUEUE_TIMEOUT: '3s',
    };
    faults = await FaultFixture.start({ env });
    await faults.sandbox.setFault('user', { mode: 'hang' });
    const answers = Promise.all(Array.from({ length: 20 }, () => faults.code(USER)));
    await expect.poll(() => faults.metric('gateway_queue_depth{upstream="user"}')).toBe(2);
    await expect.poll(() => faults.moved(`${REJECTED}"timeout"}`)).toBe(2);
    expect(await faults.metric('gateway_upstream_in_flight_requests{upstream="user"}')).toBe(4);
    expect(await faults.codes('/api/v1/tenants/acme', 3)).toEqual(['200', '200', '200']);
    await faults.sandbox.setFault('user', { mode: 'none' });
    const seen = await answers;
    expect(seen.filter((code) => code === '200')).toHaveLength(4);
    expect(seen.filter((code) => code === 'OVERLOADED')).toHaveLength(16);
    expect(await faults.moved(`${REJECTED}"capacity"}`)).toBe(14);
    expect(await faults.moved(`${REJECTED}"timeout"}`)).toBe(2);
    expect(await faults.moved('gateway_queue_wait_seconds_count{upstream="user"}')).toBe(2);
    expect(await faults.metric('gateway_upstream_capacity{upstream="user"}')).toBe(4);
    expect(await faults.moved('gateway_circuit_transitions_total{upstream="user",to="open"}')).toBe(0);
    await faults.expectSound(`${REJECTED}"capacity"}`);
  });
});
