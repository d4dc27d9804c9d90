import { expect, test } from 'vitest';
import { ConfigError } from './config-error.js';
import { parseEnvironment } from './environment.js';
import type { GatewayConfig } from './gateway-config.js';

const BASE = {
  AUTH_SERVICE_URL: 'auth:50051',
  USER_SERVICE_URL: 'user:50051',
  TENANT_SERVICE_URL: 'tenant:50051',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
};

function configOf(env: Record<string, string>): GatewayConfig {
  return parseEnvironment({ ...BASE, ...env });
}

test('a circuit opens at 60 % of at least 20 calls, and for 30 s, unless told otherwise', () => {
  expect(configOf({}).circuit).toEqual({
    errorPercent: 60,
    minRequests: 20,
    consecutiveErrors: 0,
    windowMs: 60_000,
    openMs: 30_000,
    maxOpenMs: 120_000,
    halfOpenMax: 3,
  });
});

test('the preset strict takes a share of three calls already', () => {
  expect(configOf({ GATEWAY_CIRCUIT_PRESET: 'strict' }).circuit).toMatchObject({ errorPercent: 60, minRequests: 3 });
});

test('the preset krakend counts failures in a row', () => {
  const { circuit } = configOf({ GATEWAY_CIRCUIT_PRESET: 'krakend' });
  expect(circuit).toMatchObject({ errorPercent: 0, consecutiveErrors: 20, openMs: 10_000 });
});

test('what is set wins over the preset', () => {
  const env = { GATEWAY_CIRCUIT_PRESET: 'krakend', GATEWAY_CIRCUIT_ERROR_PERCENT: '80', GATEWAY_CIRCUIT_OPEN: '5s' };
  expect(configOf(env).circuit).toMatchObject({ errorPercent: 80, consecutiveErrors: 20, openMs: 5_000 });
});

test('a circuit that would stay open for longer than its maximum is refused', () => {
  expect(() => configOf({ GATEWAY_CIRCUIT_OPEN: '5m' })).toThrow(ConfigError);
  expect(() => configOf({ GATEWAY_CIRCUIT_OPEN: '5m' })).toThrow('must not exceed GATEWAY_CIRCUIT_MAX_OPEN=120s');
});

test('each upstream takes so many calls at once, AI fewest', () => {
  const { upstreams } = configOf({ AI_SERVICE_URL: 'ai:50051', GATEWAY_USER_MAX_CONCURRENT: '10' });
  const limits = [...upstreams.values()].map(({ name, maxConcurrent }) => [name, maxConcurrent]);
  expect(Object.fromEntries(limits)).toEqual({ auth: 256, user: 10, tenant: 512, ai: 128 });
});

test('tenants have weights', () => {
  expect(configOf({ GATEWAY_TENANT_WEIGHTS: 'acme=3, globex=2' }).load.tenantWeights).toEqual([
    { tenantId: 'acme', weight: 3 },
    { tenantId: 'globex', weight: 2 },
  ]);
});

test.each(['acme', 'acme=', '=3', 'acme=0', 'acme=1001', 'acme=-1', 'acme=1.5'])(
  'the weight "%s" is refused with an example',
  (raw) => {
    expect(() => configOf({ GATEWAY_TENANT_WEIGHTS: raw })).toThrow(/GATEWAY_TENANT_WEIGHTS[^]*acme=3/);
  },
);
