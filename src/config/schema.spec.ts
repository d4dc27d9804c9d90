import { describe, expect, test } from 'vitest';
import { parseEnvironment } from './environment.js';
import { redactConfig } from './redact-config.js';
import { SETTING_GROUPS, settingsSchema } from './schema.js';
import { ssoSchema } from './schema/sso-settings.js';
import { upstreamSchema } from './schema/upstream-settings.js';
import { settingInfo } from './setting.js';
import type { Environment } from './variables.js';
import { configWarnings } from './warnings.js';

const BASE: Environment = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
  JWT_SECRET_PREVIOUS: 'another secret of more than 32 bytes',
  JWT_ISSUER: 'https://issuer.test',
  GATEWAY_CACHE_KEY: 'a cache key of more than 32 bytes, too',
  GATEWAY_CACHE_KEY_PREVIOUS: 'an old cache key of 32 bytes or more',
  GATEWAY_SESSION_KEY: 'a session key of more than 32 bytes',
  GATEWAY_SESSION_KEY_PREVIOUS: 'an old session key of 32 bytes or more',
  GATEWAY_PUBLIC_URL: 'https://api.test',
  GATEWAY_SSO_OKTA_ISSUER: 'https://okta.test',
  GATEWAY_SSO_OKTA_CLIENT_ID: 'gateway',
  GATEWAY_SSO_OKTA_CLIENT_SECRET: 'hunter3',
  GATEWAY_ADMIN_AUTH_TOKEN: 'a-token-of-operators-0123456789abcdef',
  GATEWAY_ADMIN_READ_TOKEN: 'a-token-of-onlookers-0123456789abcdef',
  GATEWAY_ALERT_WEBHOOK_URL: 'https://hooks.test/services/T0/B0/hush',
  GATEWAY_DEPLOYMENT_TAG: 'acme-test',
  REDIS_URL: 'redis://gateway:hunter2@redis:6379/0',
  ENABLE_TRACING: 'true',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=hunter4',
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'api-key=hunter5',
};

const KEYLESS: Environment = { GATEWAY_CACHE_KEY: undefined, GATEWAY_CACHE_KEY_PREVIOUS: undefined };

describe('every setting', () => {
  const types = [settingsSchema, upstreamSchema('user'), ssoSchema('okta')].flatMap(({ shape }) =>
    Object.entries(shape),
  );

  test.each(types)('%s has a sentence, a form and either a default or an example', (_, type) => {
    const info = settingInfo.get(type);
    expect(info?.description).toMatch(/^[A-Z].*\.$/);
    expect(info?.form).not.toBe('');
    expect(info?.default !== undefined || info?.example !== undefined || info?.secret).toBe(true);
  });

  test('stands in one group of the documentation', () => {
    const grouped = SETTING_GROUPS.flatMap(({ settings }) => Object.keys(settings));
    expect(grouped).toEqual(Object.keys(settingsSchema.shape));
  });
});

test('printing the effective settings shows fingerprints in place of all secrets', () => {
  const secrets = Object.entries(settingsSchema.shape).filter(([, type]) => settingInfo.get(type)?.secret);
  const printed = JSON.stringify(redactConfig(parseEnvironment(BASE)));
  expect(secrets.map(([name]) => name)).toEqual([
    'JWT_SECRET',
    'JWT_SECRET_PREVIOUS',
    'GATEWAY_SESSION_KEY',
    'GATEWAY_SESSION_KEY_PREVIOUS',
    'REDIS_URL',
    'GATEWAY_CACHE_KEY',
    'GATEWAY_CACHE_KEY_PREVIOUS',
    'OTEL_EXPORTER_OTLP_HEADERS',
    'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
    'GATEWAY_ADMIN_AUTH_TOKEN',
    'GATEWAY_ADMIN_READ_TOKEN',
    'GATEWAY_ALERT_WEBHOOK_URL',
  ]);
  for (const [name] of secrets) expect(printed).not.toContain(BASE[name]);
  expect(printed).not.toContain('hunter2');
  for (const secret of ['hunter3', 'hunter4', 'hunter5']) expect(printed).not.toContain(secret);
  expect(printed).toMatch(/"secret":"sha256:[0-9a-f]{8}"/);
  expect(printed).toContain('"target":"dns:///localhost:2"');
});

describe('a warning', () => {
  const warningsOf = (changes: Environment) =>
    configWarnings(parseEnvironment({ ...BASE, ...changes }), { ...BASE, ...changes }).map(({ name }) => name);

  test('is not given for sound settings', () => {
    expect(warningsOf({ NODE_ENV: 'production' })).toEqual([]);
  });

  test.each<[string, Environment, string]>([
    ['plaintext leaves the machine', { USER_SERVICE_URL: 'user:1' }, 'USER_SERVICE_URL'],
    ['debug is logged', { LOG_LEVEL: 'debug' }, 'LOG_LEVEL'],
    ['any issuer is believed', { JWT_ISSUER: undefined }, 'JWT_ISSUER'],
    ['sessions are in memory', { ...KEYLESS, REDIS_URL: undefined }, 'REDIS_URL'],
  ])('is given in production when %s, and not on a desk', (_, changes, name) => {
    expect(warningsOf({ ...changes, NODE_ENV: 'production' })).toEqual([name]);
    expect(warningsOf({ ...changes, NODE_ENV: 'development' })).toEqual([]);
  });

  test.each([`${BASE['JWT_SECRET']}\n`, ` ${BASE['JWT_SECRET']}`, `"${BASE['JWT_SECRET']}"`])(
    'is given for a secret with white space or quotes around it: %j',
    (secret) => {
      expect(warningsOf({ JWT_SECRET: secret })).toEqual(['JWT_SECRET']);
    },
  );

  test('is given when what is cached cannot be shared through Redis for want of a key', () => {
    expect(warningsOf(KEYLESS)).toEqual(['GATEWAY_CACHE_KEY']);
  });

  test('is given when a load balancer may keep connections longer than the gateway', () => {
    expect(warningsOf({ GATEWAY_KEEP_ALIVE_TIMEOUT: '60s' })).toEqual(['GATEWAY_KEEP_ALIVE_TIMEOUT']);
  });
});
