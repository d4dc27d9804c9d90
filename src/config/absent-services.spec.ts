import { describe, expect, test } from 'vitest';
import { ConfigError, formatProblem } from './config-error.js';
import { parseEnvironment } from './environment.js';
import type { Environment } from './variables.js';

const BASE: Environment = {
  AUTH_SERVICE_URL: 'auth:1',
  USER_SERVICE_URL: 'user:1',
  TENANT_SERVICE_URL: 'tenant:1',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
};

describe.each(['AUTH', 'USER', 'TENANT'])('%s_SERVICE_URL', (word) => {
  const name = `${word}_SERVICE_URL`;

  test.each([undefined, ''])('is required, and %o is refused with the way out', (value) => {
    expect(problemsOf({ ...BASE, [name]: value })).toEqual([
      `${name}: is not set; set it, for example ${name}=${word.toLowerCase()}-service:50051, or ${name}=none for a gateway without it`,
    ]);
  });

  test('takes none for a service that does not exist, beside any of its other settings', () => {
    const config = parseEnvironment({ ...BASE, [name]: 'none', [`GATEWAY_${word}_TIMEOUT`]: '1s' });
    expect(config.absentUpstreams).toEqual([word.toLowerCase()]);
    expect([...config.upstreams.keys()]).toHaveLength(2);
    expect(config.upstreams.has(word.toLowerCase())).toBe(false);
  });
});

test('any other upstream can be none as well', () => {
  const config = parseEnvironment({ ...BASE, BILLING_SERVICE_URL: 'none', AI_SERVICE_URL: 'none' });
  expect(config.absentUpstreams).toEqual(['ai', 'billing']);
});

test('single sign-on is refused without AuthService, which it cannot do without', () => {
  const sso = {
    GATEWAY_PUBLIC_URL: 'https://api.example.com',
    GATEWAY_SSO_CORP_ISSUER: 'https://login.example.com',
    GATEWAY_SSO_CORP_CLIENT_ID: 'gateway',
    GATEWAY_SSO_CORP_CLIENT_SECRET: 'a-long-enough-client-secret',
  };
  expect(problemsOf({ ...BASE, ...sso })).toEqual([]);
  expect(problemsOf({ ...BASE, ...sso, AUTH_SERVICE_URL: 'none' })).toEqual([
    'GATEWAY_SSO_CORP_ISSUER: needs AuthService to exchange identities and renew sessions, but AUTH_SERVICE_URL is none; ' +
      'set AUTH_SERVICE_URL to its address, or remove the settings of the identity provider "corp"',
  ]);
});

function problemsOf(env: Environment): string[] {
  try {
    parseEnvironment(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}
