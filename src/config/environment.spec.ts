import { describe, expect, test } from 'vitest';
import { ConfigError, formatProblem } from './config-error.js';
import { parseEnvironment } from './environment.js';
import type { Environment } from './variables.js';

const VALID: Environment = {
  AUTH_SERVICE_URL: 'auth-service:50051',
  USER_SERVICE_URL: 'user-service:50051',
  TENANT_SERVICE_URL: 'tenant-service:50051',
  JWT_JWKS_URL: 'https://issuer.test/jwks.json',
  JWT_ISSUER: 'https://issuer.test',
};
const SECRET = 'k'.repeat(32);

function problemsOf(changes: Environment): string[] {
  try {
    parseEnvironment({ ...VALID, ...changes });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

describe('an environment', () => {
  test('with the required settings alone gets the documented defaults', () => {
    const config = parseEnvironment(VALID);
    expect(config.server).toMatchObject({ port: 8080, opsPort: undefined, maxBodyBytes: 1_048_576, docs: true });
    expect(config.timeouts).toMatchObject({ requestMs: 30_000, preDrainMs: 15_000, shutdownMs: 40_000 });
    expect([...config.upstreams.values()].map(({ name, timeoutMs }) => [name, timeoutMs])).toEqual([
      ['auth', 1000],
      ['user', 2000],
      ['tenant', 2000],
    ]);
    expect(config.jwt).toMatchObject({ audience: 'api-gateway', clockToleranceMs: 30_000, jwksTtlMs: 300_000 });
  });

  test('becomes a config that is frozen to the last object', () => {
    const config = parseEnvironment({ ...VALID, GATEWAY_CORS_ORIGINS: 'https://a.test' });
    const parts = [config, ...Object.values(config), config.server.corsOrigins, config.upstreams.get('auth')?.tls];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  });

  test('mounts an upstream for each other address, with the common deadline', () => {
    const config = parseEnvironment({
      ...VALID,
      BILLING_SERVICE_URL: 'dns:///billing:9000',
      USER_PROFILE_SERVICE_URL: 'profiles:9000',
      GATEWAY_USER_PROFILE_TIMEOUT: '700ms',
      GATEWAY_UPSTREAM_TIMEOUT: '3s',
    });
    expect(config.upstreams.get('billing')).toMatchObject({ target: 'dns:///billing:9000', timeoutMs: 3000 });
    expect(config.upstreams.get('user_profile')?.timeoutMs).toBe(700);
  });

  test('may leave a variable empty to say that it is not set', () => {
    const config = parseEnvironment({ ...VALID, AI_SERVICE_URL: '', OPS_PORT: '', GATEWAY_REQUEST_TIMEOUT: '' });
    expect(config.upstreams.has('ai')).toBe(false);
    expect(config.server.opsPort).toBeUndefined();
    expect(config.timeouts.requestMs).toBe(30_000);
  });

  test('takes 0s where it switches something off', () => {
    const config = parseEnvironment({
      ...VALID,
      GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
      GATEWAY_STREAM_HEARTBEAT: '0s',
      GATEWAY_JWT_CACHE_SIZE: '0',
    });
    expect([config.timeouts.preDrainMs, config.timeouts.streamHeartbeatMs, config.jwt.cacheSize]).toEqual([0, 0, 0]);
  });

  test('that is empty names every missing setting', () => {
    const missing = Object.fromEntries(Object.keys(VALID).map((name) => [name, undefined]));
    expect(problemsOf(missing).map((line) => line.split(':', 1)[0])).toEqual([
      'AUTH_SERVICE_URL',
      'USER_SERVICE_URL',
      'TENANT_SERVICE_URL',
      'JWT_JWKS_URL',
    ]);
  });

  test('with several mistakes has them all listed at once', () => {
    const problems = problemsOf({
      AUTH_SERVICE_URL: undefined,
      USER_SERVICE_URL: 'user-service',
      API_GATEWAY_PORT: '99999',
      GATEWAY_REQUEST_TIMEOUT: '5',
      GATEWAY_SHUTDOWN_TIMEOUT: '50s',
      GATEWAY_NONSENSE: '1',
    });
    expect(problems.map((line) => line.split(':', 1)[0])).toEqual([
      'AUTH_SERVICE_URL',
      'USER_SERVICE_URL',
      'API_GATEWAY_PORT',
      'GATEWAY_REQUEST_TIMEOUT',
      'GATEWAY_TERMINATION_GRACE',
      'GATEWAY_NONSENSE',
    ]);
  });
});

describe('a wrong value is refused with its reason and a hint:', () => {
  const table: [variables: Environment, problem: string][] = [
    [{ GATEWAY_REQUEST_TIMEOUT: '30' }, '"30" has no unit; write 30s for seconds, or 30ms, 30m, 30h'],
    [
      { GATEWAY_REQUEST_TIMEOUT: '1.5s' },
      '"1.5s" is not a duration; write a whole number and a unit: 250ms, 5s, 15m, 1h',
    ],
    [
      { GATEWAY_REQUEST_TIMEOUT: '-5s' },
      '"-5s" is not a duration; write a whole number and a unit: 250ms, 5s, 15m, 1h',
    ],
    [{ GATEWAY_REQUEST_TIMEOUT: '0s' }, '0s is out of range; write 1ms to 24h'],
    [{ GATEWAY_MAX_BODY_BYTES: '1MB' }, 'is not a size; write bytes as a whole number, or with KiB, MiB, GiB'],
    [{ GATEWAY_MAX_HEADER_BYTES: '64KiB' }, '64KiB is out of range; write 4KiB to 16KiB'],
    [{ GATEWAY_MAX_CONNECTIONS: 'many' }, '"many" is not a whole number; write digits only'],
    [{ API_GATEWAY_PORT: '65536' }, '65536 is out of range; write 0 to 65535'],
    [{ API_GATEWAY_PORT: 'tcp://10.0.0.1:8080' }, 'set enableServiceLinks: false in the pod'],
    [{ GATEWAY_DOCS: 'yes' }, '"yes" is neither true nor false; write true or false'],
    [{ LOG_LEVEL: 'verbose' }, '"verbose" is not one of its values; write trace, debug, info'],
    [{ NODE_ENV: 'prod' }, '"prod" is not one of its values; write production, development, test'],
    [{ GATEWAY_CORS_ORIGINS: 'https://a.test,*' }, '"*" lets any site read responses; list each origin'],
    [
      { GATEWAY_CORS_ORIGINS: 'https://a.test/' },
      '"https://a.test/" is not an origin; write scheme, host and port only',
    ],
    [{ GATEWAY_CORS_ORIGINS: 'https://ok.test,null' }, '"null" is not an origin'],
    [{ GATEWAY_CORS_ORIGINS: 'https://ok.test,a.test' }, '"a.test" is not an origin'],
    [{ GATEWAY_CORS_ORIGINS: 'https://ok.test,https://A.test' }, '"https://A.test" is not an origin'],
    [{ GATEWAY_CORS_ORIGINS: 'https://ok.test,https://a.test:443' }, '"https://a.test:443" is not an origin'],
    [{ GATEWAY_CORS_ORIGINS: 'https://ok.test,https://a.test/app' }, '"https://a.test/app" is not an origin'],
    [{ GATEWAY_CORS_ORIGINS: 'https://ok.test,https://user@a.test' }, '"https://***@a.test" is not an origin'],
    [{ GATEWAY_CORS_ORIGINS: 'https://ok.test,https://a.test?x' }, '"https://a.test?x" is not an origin'],
    [{ GATEWAY_CORS_ORIGINS: 'https://ok.test,ftp://a.test' }, '"ftp://a.test" is not an origin'],
    [
      { GATEWAY_CORS_ORIGINS: 'https://ok.test,https://a.test;https://b.test' },
      '"https://a.test;https://b.test" is not an origin',
    ],
    [{ GATEWAY_CORS_ORIGINS: 'https://*.a.test' }, '"https://*.a.test" lets any site read responses'],
    [{ GATEWAY_TRUSTED_PROXIES: '0.0.0.0/0' }, '"0.0.0.0/0" trusts every address; list the blocks of your proxies'],
    [{ GATEWAY_TRUSTED_PROXIES: '10.0.0.0/8, 10.0.0.0/33' }, '"10.0.0.0/33" is not a CIDR block'],
    [{ GATEWAY_DESCRIPTORS: '/nowhere/extra.binpb' }, 'the file /nowhere/extra.binpb cannot be read (ENOENT)'],
    [{ GATEWAY_PUBLIC_URL: 'api.example.com' }, '"api.example.com" is not an http or https URL'],
    [{ GATEWAY_PUBLIC_URL: 'ftp://u:hunter2@host' }, '"ftp://***@host" is not an http or https URL'],
    [{ LOG_LEVEL: ' info' }, '" info" begins or ends with white space; remove it'],
    [{ USER_SERVICE_URL: '"user-service:50051"' }, 'is in quotes; remove the quotes'],
    [{ USER_SERVICE_URL: undefined, USR_SERVICE_URL: 'user:1' }, 'is not set; USR_SERVICE_URL is set: is it meant?'],
  ];
  test.each(table)('%o', (variables, problem) => {
    const name = Object.keys(variables)[0];
    const problems = problemsOf(variables).filter((line) => line.startsWith(`${name}: `));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });
});

describe('settings that contradict each other are refused with their numbers:', () => {
  const table: [variables: Environment, problem: string][] = [
    [{ GATEWAY_USER_TIMEOUT: '30s' }, 'GATEWAY_USER_TIMEOUT: is 30s, but must be below GATEWAY_REQUEST_TIMEOUT=30s'],
    [
      { GATEWAY_REQUEST_TIMEOUT: '40s' },
      'GATEWAY_REQUEST_TIMEOUT: is 40s, but must be below GATEWAY_SHUTDOWN_TIMEOUT=40s',
    ],
    [
      { BILLING_SERVICE_URL: 'b:1', GATEWAY_UPSTREAM_TIMEOUT: '90s' },
      'GATEWAY_UPSTREAM_TIMEOUT: is 90s, but must be below GATEWAY_REQUEST_TIMEOUT=30s',
    ],
    [{ GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '16s' }, '16s + 40s + 5s = 61s; raise it to 61s'],
    [
      { GATEWAY_HEADERS_TIMEOUT: '20s' },
      'GATEWAY_HEADERS_TIMEOUT: is 20s, but must not exceed GATEWAY_RECEIVE_TIMEOUT=15s',
    ],
    [{ GATEWAY_RECEIVE_TIMEOUT: '31s' }, 'is 31s, but must not exceed GATEWAY_REQUEST_TIMEOUT=30s'],
    [{ GATEWAY_STREAM_HEARTBEAT: '30s' }, 'is 30s, but must be below GATEWAY_STREAM_IDLE_TIMEOUT=30s'],
    [{ GATEWAY_STREAM_MAX_DURATION: '20s' }, 'is 30s, but must not exceed GATEWAY_STREAM_MAX_DURATION=20s'],
    [{ GATEWAY_GRPC_KEEPALIVE_TIMEOUT: '30s' }, 'is 30s, but must be below GATEWAY_GRPC_KEEPALIVE_TIME=30s'],
    [{ GATEWAY_GRPC_INITIAL_BACKOFF: '6s' }, 'is 6s, but must not exceed GATEWAY_GRPC_MAX_BACKOFF=5s'],
    [{ GATEWAY_MAX_BODY_BYTES: '8MiB' }, 'is 8MiB, but a message may have GATEWAY_GRPC_MAX_SEND_BYTES=4MiB'],
    [{ OPS_PORT: '8080' }, 'OPS_PORT: is 8080, as API_GATEWAY_PORT is'],
    [{ GATEWAY_ADMIN_ADDR: 'localhost:8080' }, 'GATEWAY_ADMIN_ADDR: is 8080, as API_GATEWAY_PORT is'],
    [{ OPS_PORT: '6060' }, 'GATEWAY_ADMIN_ADDR: is 6060, as OPS_PORT is'],
    [{ JWT_SECRET: SECRET }, 'JWT_SECRET: is set together with JWT_JWKS_URL'],
    [{ JWT_SECRET_PREVIOUS: SECRET }, 'JWT_SECRET_PREVIOUS: is set without JWT_SECRET'],
    [
      { JWT_JWKS_URL: undefined, JWT_SECRET: SECRET, JWT_SECRET_PREVIOUS: SECRET },
      'JWT_SECRET_PREVIOUS: is the same as JWT_SECRET',
    ],
    [
      { NODE_ENV: 'production', JWT_JWKS_URL: 'http://issuer.test/jwks' },
      'JWT_JWKS_URL: fetches keys over plain http in production: anyone on the network path could replace them; write https://issuer.test/jwks',
    ],
    [{ REQUEST_SERVICE_URL: 'r:1' }, 'REQUEST_SERVICE_URL: names an upstream whose setting GATEWAY_REQUEST_TIMEOUT'],
  ];
  test.each(table)('%o', (variables, problem) => {
    const problems = problemsOf(variables);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  test('a value that cannot be read takes part in no contradiction', () => {
    expect(problemsOf({ GATEWAY_REQUEST_TIMEOUT: '1' })).toHaveLength(1);
    expect(problemsOf({ JWT_JWKS_URL: 'issuer' })).toHaveLength(1);
    expect(problemsOf({ JWT_JWKS_URL: undefined, JWT_SECRET: 'short' })).toHaveLength(1);
  });

  test('plain http to keys on this machine is fine in production', () => {
    expect(problemsOf({ NODE_ENV: 'production', JWT_JWKS_URL: 'http://127.0.0.1:4001/jwks.json' })).toEqual([]);
  });
});

describe('a variable that is no setting', () => {
  const table: [name: string, hint: string][] = [
    ['GATEWAY_REQEST_TIMEOUT', 'did you mean GATEWAY_REQUEST_TIMEOUT?'],
    ['GATEWAY_USR_TIMEOUT', 'did you mean GATEWAY_USER_TIMEOUT?'],
    ['GATEWAY_SHUTDOWN_PRE_DRAIN', 'did you mean GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT?'],
    ['GATEWAY_LOG_LEVEL', 'did you mean LOG_LEVEL?'],
    ['GATEWAY_USER_SERVICE_URL', 'did you mean USER_SERVICE_URL?'],
    ['GATEWAY_BILLING_TIMEOUT', 'set BILLING_SERVICE_URL too if it is meant for an upstream, or remove it'],
    ['GATEWAY_PORT_8080_TCP_ADDR', 'set enableServiceLinks: false in the pod'],
    ['GATEWAY_FEATURE_X', 'remove it; docs/configuration.md lists all settings'],
    ['JWT_ISSUR', 'did you mean JWT_ISSUER?'],
  ];
  test.each(table)('%s is refused: %s', (name, hint) => {
    const problems = problemsOf({ [name]: 'x' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${name}: is not a gateway setting; `);
    expect(problems[0]).toContain(hint);
  });

  test('and belongs to another program is left alone', () => {
    expect(problemsOf({ PATH: '/bin', JWT_OTHER_PROGRAMS_SETTING: '1', API_GATEWAY_SERVICE_HOST: '10.0.0.1' })).toEqual(
      [],
    );
  });
});

test('no problem prints a secret', () => {
  const problems = problemsOf({ JWT_SECRET: 'hunter2', JWT_SECRET_PREVIOUS: 'hunter3' });
  expect(problems.join('\n')).toContain('JWT_SECRET: has 7 bytes, too few for HS256');
  expect(problems.join('\n')).not.toMatch(/hunter/);
});
