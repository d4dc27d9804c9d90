import { expect, test } from 'vitest';
import { parseEnvironment } from './environment.js';
import { configHash } from './redact-config.js';

const ENV = {
  AUTH_SERVICE_URL: 'auth:1',
  USER_SERVICE_URL: 'user:1',
  TENANT_SERVICE_URL: 'tenant:1',
  JWT_SECRET: 'a secret that is long enough for HS256',
};
const hash = (changes: Readonly<Record<string, string>> = {}) => configHash(parseEnvironment({ ...ENV, ...changes }));

test('instances with the same settings have the same hash', () => {
  expect(hash({ POD_NAME: 'a' })).toBe(hash({ POD_NAME: 'b' }));
  expect(hash()).toMatch(/^[0-9a-f]{12}$/);
});

test.each([
  [{ RATE_LIMIT_RPS: '7' }],
  [{ JWT_SECRET: 'another secret that is long enough for HS256' }],
  [{ USER_SERVICE_URL: 'user:2' }],
  [{ LOG_LEVEL: 'debug' }],
])('%j changes it', (changes) => {
  expect(hash(changes)).not.toBe(hash());
});
