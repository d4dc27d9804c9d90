import { describe, expect, test } from 'vitest';
import { ConfigError, formatProblem } from './config-error.js';
import { parseEnvironment } from './environment.js';
import type { Environment } from './variables.js';

const VALID: Environment = {
  AUTH_SERVICE_URL: 'auth-service:50051',
  USER_SERVICE_URL: 'user-service:50051',
  TENANT_SERVICE_URL: 'tenant-service:50051',
  JWT_JWKS_URL: 'https://issuer.test/jwks.json',
  GATEWAY_PUBLIC_URL: 'https://api.test',
  GATEWAY_SSO_AZURE_AD_ISSUER: 'https://login.test/tenant/v2.0',
  GATEWAY_SSO_AZURE_AD_CLIENT_ID: 'gateway',
  GATEWAY_SSO_AZURE_AD_CLIENT_SECRET: 's3cret',
};
const KEY = 'k'.repeat(32);

function problemsOf(changes: Environment): string[] {
  try {
    parseEnvironment({ ...VALID, ...changes });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

describe('an identity provider', () => {
  test('is known by the lower-case word in its settings', () => {
    const { sso } = parseEnvironment(VALID);
    expect([...sso.providers.values()]).toEqual([
      { name: 'azure_ad', issuer: 'https://login.test/tenant/v2.0', clientId: 'gateway', clientSecret: 's3cret' },
    ]);
    expect(sso).toMatchObject({ sessionIdleMs: 1_800_000, sessionMaxAgeMs: 43_200_000, sessionKey: undefined });
  });

  test('may be on this machine, and so may the gateway, without TLS', () => {
    const local = { GATEWAY_PUBLIC_URL: 'http://localhost:8080', GATEWAY_SSO_AZURE_AD_ISSUER: 'http://127.0.0.1:4000' };
    expect(problemsOf(local)).toEqual([]);
  });

  test('is not there when none of its settings is', () => {
    const none = { GATEWAY_SSO_AZURE_AD_ISSUER: '', GATEWAY_SSO_AZURE_AD_CLIENT_ID: '' };
    expect(
      parseEnvironment({ ...VALID, ...none, GATEWAY_SSO_AZURE_AD_CLIENT_SECRET: undefined }).sso.providers.size,
    ).toBe(0);
  });

  test.each<[string, Environment, string]>([
    [
      'without all three settings',
      { GATEWAY_SSO_AZURE_AD_CLIENT_SECRET: '' },
      'GATEWAY_SSO_AZURE_AD_CLIENT_SECRET: is not set; set it, for example GATEWAY_SSO_AZURE_AD_CLIENT_SECRET=…',
    ],
    [
      'with a setting that no provider has',
      { GATEWAY_SSO_AZURE_AD_CLIENTID: 'x' },
      'GATEWAY_SSO_AZURE_AD_CLIENTID: is not a gateway setting; did you mean GATEWAY_SSO_AZURE_AD_CLIENT_ID?',
    ],
    [
      'over plain http',
      { GATEWAY_SSO_AZURE_AD_ISSUER: 'http://login.test/x' },
      'GATEWAY_SSO_AZURE_AD_ISSUER: is plain http: anyone on the network path could sign in as any user; write https://login.test/x',
    ],
    [
      'without a public URL',
      { GATEWAY_PUBLIC_URL: '' },
      'GATEWAY_PUBLIC_URL: is not set: the identity provider "azure_ad" could not redirect browsers back; set it to the URL that browsers use: https://api.example.com',
    ],
    [
      'with a public URL over plain http',
      { GATEWAY_PUBLIC_URL: 'http://api.test' },
      'GATEWAY_PUBLIC_URL: is plain http: browsers send the session cookie only over https; write https://api.test',
    ],
    [
      'with a public URL that holds more than a path',
      { GATEWAY_PUBLIC_URL: 'https://api.test/a b/?x' },
      'GATEWAY_PUBLIC_URL: "https://api.test/a b/?x" contains more than an origin and a plain path; write https://api.test',
    ],
  ])('%s refuses to start', (_, changes, problem) => {
    expect(problemsOf(changes)).toEqual([problem]);
  });
});

describe('session settings', () => {
  test.each<[string, Environment, string]>([
    [
      'sessions in Redis need a key that all instances have',
      { REDIS_URL: 'redis://redis:6379/0' },
      'GATEWAY_SESSION_KEY: is not set, but sessions are stored in Redis and every instance must be able to read them; set the same in all instances: openssl rand -base64 48',
    ],
    [
      'a key has 32 bytes',
      { GATEWAY_SESSION_KEY: 'short' },
      'GATEWAY_SESSION_KEY: has 5 bytes, too few to encrypt with; use 32 random bytes or more: openssl rand -base64 48',
    ],
    [
      'a previous key has a successor',
      { GATEWAY_SESSION_KEY_PREVIOUS: KEY },
      'GATEWAY_SESSION_KEY_PREVIOUS: is set without GATEWAY_SESSION_KEY; set GATEWAY_SESSION_KEY or remove it',
    ],
    [
      'a previous key is another one',
      { GATEWAY_SESSION_KEY: KEY, GATEWAY_SESSION_KEY_PREVIOUS: KEY },
      'GATEWAY_SESSION_KEY_PREVIOUS: is the same as GATEWAY_SESSION_KEY; set the previous one, or remove it',
    ],
    [
      'no session idles for longer than it lasts',
      { GATEWAY_SESSION_IDLE_TIMEOUT: '2h', GATEWAY_SESSION_MAX_AGE: '1h' },
      'GATEWAY_SESSION_IDLE_TIMEOUT: is 2h, but must not exceed GATEWAY_SESSION_MAX_AGE=1h; lower GATEWAY_SESSION_IDLE_TIMEOUT or raise GATEWAY_SESSION_MAX_AGE',
    ],
  ])('%s', (_, changes, problem) => {
    expect(problemsOf(changes)).toEqual([problem]);
  });
});
