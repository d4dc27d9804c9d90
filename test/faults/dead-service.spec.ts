import { afterEach, describe, expect, it } from 'vitest';
import { LASTING_CIRCUIT, QUICK_CIRCUIT } from '../support/fault-settings.js';
import { type Answer, FaultFixture } from '../support/fault-fixture.js';

const USER = '/api/v1/users/acme-alice';
const OPENED = 'gateway_circuit_transitions_total{upstream="user",to="open"}';
const REFUSED = 'gateway_circuit_rejections_total{upstream="user",reason="open"}';

let faults: FaultFixture;
afterEach(() => faults.close());

describe('a service that is killed under load (FI-1)', () => {
  it('is refused at once, tried for no more often than its back-off, and served again soon after it is back', async () => {
    faults = await FaultFixture.start({ env: { ...QUICK_CIRCUIT, GATEWAY_USER_TIMEOUT: '2s' } });
    const { sandbox } = faults;
    expect(await faults.codes(USER, 2)).toEqual(['200', '200']);
    await sandbox.setFault('user', { mode: 'hang' });
    const inFlight = Promise.all(Array.from({ length: 20 }, () => faults.code(USER)));
    await expect.poll(() => faults.metric('gateway_upstream_in_flight_requests{upstream="user"}')).toBe(20);
    const [killedAt, attempts] = [performance.now(), faults.connectionAttempts(sandbox.userUrl)];
    await sandbox.setFault('user', { mode: 'down' });
    expect(new Set(await inFlight)).toEqual(new Set(['UPSTREAM_UNAVAILABLE']));
    // On a slow machine it may be tried again by now.
    const seen: Answer[] = [];
    await expect.poll(async () => seen.unshift(await faults.ask(USER)) && seen[0]?.code).toBe('CIRCUIT_OPEN');
    expect(Number(seen[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const load = () => Promise.all(Array.from({ length: 10 }, () => faults.codes(USER, 10)));
    for (const code of (await load()).flat()) expect(['CIRCUIT_OPEN', 'UPSTREAM_UNAVAILABLE']).toContain(code);
    const pauses = (performance.now() - killedAt) / (100 * 0.8);
    expect(faults.connectionAttempts(sandbox.userUrl) - attempts).toBeLessThanOrEqual(Math.ceil(pauses) + 1);

    await sandbox.setFault('user', { mode: 'none' });
    await expect.poll(() => faults.code(USER)).toBe('200');
    await expect
      .poll(() => faults.codes(USER, 3).then(() => faults.circuitEvents().at(-1)))
      .toBe('circuit_closed upstream=user calls=read');
    expect(faults.circuitEvents().filter((text) => text === 'circuit_opened upstream=user calls=read')).not.toEqual([]);
    await faults.expectSound(
      OPENED,
      REFUSED,
      'upstream_grpc_connection_failures_total{upstream="user",reason="refused"}',
    );
  });

  it('opens its circuit once, which shows in the state, its changes, the refusals and the line of a request', async () => {
    faults = await FaultFixture.start({ env: { ...LASTING_CIRCUIT, GATEWAY_USER_TIMEOUT: '5s' } });
    expect(await faults.metric('gateway_circuit_state{upstream="user",state="closed"}')).toBe(1);
    await faults.sandbox.setFault('user', { mode: 'down' });
    await faults.codes(USER, 10);
    expect(await faults.metric('gateway_circuit_state{upstream="user",state="open"}')).toBe(1);
    expect(await faults.metric('circuit_breaker_state{name="user.read"}')).toBe(1);
    expect(await faults.metric('circuit_breaker_state{name="user.write"}')).toBe(0);
    expect(await faults.moved(OPENED)).toBe(1);
    expect(await faults.moved(REFUSED)).toBe(7);
    expect(faults.lines.filter(({ retries }) => retries === 1)).not.toEqual([]);
    const [line] = faults.lines.filter(({ error_code }) => error_code === 'CIRCUIT_OPEN');
    expect(line).toMatchObject({ breaker_state: 'open', logType: 'UPSTREAM_UNAVAILABLE', status: 503 });
    await faults.expectSound(OPENED, 'upstream_grpc_retries_total{upstream="user",method="GetUser"}');
  });
});
