import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../../src/config/gateway-config.js';
import { GATEWAY_CONFIG } from '../../src/config/config.token.js';
import { Contract } from '../../src/contract/contract.js';
import type { Route } from '../../src/contract/route.js';
import { BackendStub, SILENT } from '../support/backend-stub.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { trailersOnly } from '../support/http2-stub.js';

const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
/** Headers and body that a request needs to be forwarded. */
const BODIES: Readonly<Record<string, unknown>> = {
  UpdateUser: { displayName: 'Alice' },
  UpdateTenant: { name: 'Acme' },
  UpdateTenantConfig: { requireMfa: true },
};

let stub: BackendStub;
let gateway: TestGateway;
let root: Client;
let routes: readonly Route[];
let config: GatewayConfig;

beforeAll(async () => {
  stub = await BackendStub.start();
  const urls = ['AUTH', 'USER', 'TENANT', 'AI'].map((name) => [`${name}_SERVICE_URL`, stub.address]);
  const patience = { GATEWAY_CIRCUIT_ERROR_PERCENT: '100', GATEWAY_CIRCUIT_MIN_REQUESTS: '10000' };
  gateway = await startTestGateway({ env: { ...Object.fromEntries(urls), ...patience } });
  root = await Client.of(gateway, 'root@platform.test');
  routes = gateway.gateway.app.get(Contract).routes.map(({ route }) => route);
  config = gateway.gateway.app.get<GatewayConfig>(GATEWAY_CONFIG);
});
afterAll(async () => {
  await gateway.close();
  await stub.close();
});
beforeEach(() => {
  stub.calls.length = 0;
});

function send({ verb, template, body, method }: Route, headers: Record<string, string> = {}): Promise<Response> {
  const path = template.replaceAll(/\{[^}]*\}/g, 'acme');
  return root.send(verb, path, body === undefined ? undefined : (BODIES[method.name] ?? {}), headers);
}

/** The longest that a call of a route may take, in ms. */
function longest({ method: { kind, policy, upstream } }: Route): number {
  if (kind !== 'unary') return policy.stream.maxDurationMs ?? config.timeouts.streamTotalMs;
  return policy.timeoutMs ?? config.upstreams.get(upstream)?.timeoutMs ?? config.timeouts.requestMs;
}

describe('every RPC that has a route (REL-1)', () => {
  it('is given a time, and no more than it may take', async () => {
    stub.reply = trailersOnly({ 'grpc-status': '5' });
    await Promise.all(routes.map((route) => send(route).then((response) => response.text())));
    const most = new Map(routes.map((route) => [route.method.path, longest(route)]));
    const given = new Map(stub.calls.map((headers) => [headers[':path'], String(headers['grpc-timeout'])]));
    expect([...given.keys()]).toEqual(expect.arrayContaining([...most.keys()]));
    for (const [path, value] of given) {
      expect(value, String(path)).toMatch(/^\d{1,8}[HMSmun]$/);
      const ms = parseInt(value, 10) * (UNITS[value.slice(-1)] ?? NaN);
      expect(ms, String(path)).toBeLessThanOrEqual(most.get(String(path)) ?? config.timeouts.requestMs);
    }
  });

  it('is ended at the backend too when its time is over', async () => {
    stub.reply = SILENT;
    const answers = await Promise.all(routes.map((route) => send(route, { 'x-request-timeout': '300ms' })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([504]));
    await expect.poll(() => stub.resets).toBe(stub.calls.length);
    expect(stub.calls.length).toBeGreaterThanOrEqual(routes.length);
    expect(stub.openStreams).toBe(0);
  });
});
