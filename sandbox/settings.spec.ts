import { expect, it } from 'vitest';
import { readSettings } from './settings.js';

it('has a fixed port for everything unless the environment moves it', () => {
  const standard = {
    auth: 50051,
    user: 50052,
    tenant: 50053,
    ai: 50054,
    guardrail: 50055,
    idp: 4000,
    jwks: 4001,
    faults: 8090,
  };
  expect(readSettings({}).ports).toEqual(standard);
  expect(readSettings({ SANDBOX_USER_PORT: '0', SANDBOX_AI_PORT: '' }).ports).toEqual({ ...standard, user: 0 });
});

it('has its admin listener at 6060 unless it is moved, or the gateway is on any free port', () => {
  expect(readSettings({}).adminPort).toBe(6060);
  expect(readSettings({ API_GATEWAY_PORT: '8081' }).adminPort).toBe(6060);
  expect(readSettings({ API_GATEWAY_PORT: '0' }).adminPort).toBe(0);
  expect(readSettings({ API_GATEWAY_PORT: '0', SANDBOX_ADMIN_PORT: '6061' }).adminPort).toBe(6061);
});

it('lists every problem at once', () => {
  const env = { SANDBOX_PORT: '1', SANDBOX_AUTH_PORT: '70000', SANDBOX_JWKS_PORT: 'four', API_GATEWAY_PORT: 'x' };
  expect(() => readSettings(env)).toThrow(
    /^SANDBOX_PORT is unknown; known: .*\nSANDBOX_AUTH_PORT=70000 is no port.*\nSANDBOX_JWKS_PORT=four is no port/,
  );
});
