import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { NO_CIRCUIT, QUICK_CIRCUIT } from '../support/fault-settings.js';
import { FaultFixture } from '../support/fault-fixture.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const USER = '/api/v1/users/acme-alice';
/** Nothing that is sent twice. */
const CHANGE = { method: 'PATCH', body: { displayName: 'Alice' } };
const KEEPALIVE = { keepaliveTimeMs: 150, keepaliveTimeoutMs: 150 };

let faults: FaultFixture;
let proxy: TcpProxy;
afterEach(async () => {
  await faults.close();
  await proxy.close();
});

describe('a connection that carries nothing more, of which nobody is told (FI-3)', () => {
  it('costs a few calls their time, and is replaced', async () => {
    const sandbox = await startSandbox({ faultServer: false, idp: false });
    proxy = await TcpProxy.to(sandbox.userUrl);
    const env = { ...NO_CIRCUIT, USER_SERVICE_URL: proxy.address, GATEWAY_USER_TIMEOUT: '1s' };
    faults = await FaultFixture.start({ sandbox, env, grpc: KEEPALIVE });
    expect(await faults.code(USER, CHANGE)).toBe('200');
    const connections = proxy.connections;
    proxy.freeze();
    const seen: string[] = [];
    await expect.poll(async () => seen.push(await faults.code(USER, CHANGE)) && seen.at(-1)).toBe('200');
    expect(seen.length, 'the first call is lost').toBeGreaterThan(1);
    for (const code of seen.slice(0, -1)) expect(['UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE']).toContain(code);
    expect(proxy.connections).toBeGreaterThan(connections);
    expect(new Set(await faults.codes(USER, 10))).toEqual(new Set(['200']));
    await faults.expectSound('upstream_grpc_errors_total{upstream="user",method="UpdateUser"}');
  });

  it('is replaced although the next ping is far off, and its circuit tries the new one', async () => {
    const sandbox = await startSandbox({ faultServer: false, idp: false });
    proxy = await TcpProxy.to(sandbox.userUrl);
    // A first call makes its connection within the deadline, also on a busy machine.
    const env = { ...QUICK_CIRCUIT, GATEWAY_USER_TIMEOUT: '1s', USER_SERVICE_URL: proxy.address };
    faults = await FaultFixture.start({
      sandbox,
      env,
      grpc: { keepaliveTimeMs: 600_000, keepaliveTimeoutMs: 600_000 },
    });
    expect(await faults.code(USER)).toBe('200');
    proxy.freeze();
    expect(await faults.code(USER)).toBe('UPSTREAM_TIMEOUT');
    await expect.poll(() => faults.code(USER)).toBe('200');
    expect(new Set(await faults.codes(USER, 10))).toEqual(new Set(['200']));
    await faults.expectSound(
      'upstream_grpc_errors_total{upstream="user",method="GetUser"}',
      'gateway_circuit_transitions_total{upstream="user",to="open"}',
      'gateway_circuit_transitions_total{upstream="user",to="half_open"}',
    );
  });

  it('ends the streams on it with an error, and the next one is sound', async () => {
    const sandbox = await startSandbox({ faultServer: false, idp: false });
    proxy = await TcpProxy.to(sandbox.aiUrl);
    const env = { ...NO_CIRCUIT, AI_SERVICE_URL: proxy.address };
    faults = await FaultFixture.start({ sandbox, env, grpc: KEEPALIVE });
    const stream = await faults.open('stream 100000 tokens slow 10ms');
    await once(stream, 'data');
    proxy.freeze();
    const events: string[] = [];
    for await (const chunk of stream) events.push(String(chunk));
    expect(events.join('')).toContain('event: error');
    expect(events.join('')).toContain('UPSTREAM_UNAVAILABLE');
    const query = { method: 'POST', body: { query: 'stream 2 tokens slow 0ms' } };
    expect((await faults.ask('/api/v1/ai:stream', query)).body).toContain('event: end');
    await faults.expectSound('upstream_grpc_errors_total{upstream="ai",method="StreamQuery",code="UNAVAILABLE"}');
  });
});
