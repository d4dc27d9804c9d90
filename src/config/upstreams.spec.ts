import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ConfigError, formatProblem } from './config-error.js';
import { parseEnvironment } from './environment.js';
import type { UpstreamTls } from './upstreams.js';
import type { Environment } from './variables.js';

const FILE = fileURLToPath(import.meta.url);
const OTHER_FILE = fileURLToPath(new URL('upstreams.ts', import.meta.url));
const BASE: Environment = {
  AUTH_SERVICE_URL: 'auth:1',
  USER_SERVICE_URL: 'user:1',
  TENANT_SERVICE_URL: 'tenant:1',
  JWT_JWKS_URL: 'https://issuer.test/jwks.json',
};

function tlsOfUser(changes: Environment): UpstreamTls | undefined {
  return parseEnvironment({ ...BASE, ...changes }).upstreams.get('user')?.tls;
}

describe('the encryption of an upstream', () => {
  test.each<[Environment, UpstreamTls['mode']]>([
    [{}, 'insecure'],
    [{ USER_SERVICE_URL: 'grpcs://user:1' }, 'tls'],
    [{ GATEWAY_USER_TLS_MODE: 'tls' }, 'tls'],
    [{ GATEWAY_GRPC_TLS_MODE: 'tls' }, 'tls'],
    [{ GATEWAY_GRPC_TLS_MODE: 'tls', GATEWAY_USER_TLS_MODE: 'insecure' }, 'insecure'],
    [
      { GATEWAY_GRPC_TLS_MODE: 'tls', GATEWAY_USER_TLS_MODE: 'insecure', USER_SERVICE_URL: 'grpc://user:1' },
      'insecure',
    ],
    [
      {
        GATEWAY_GRPC_TLS_MODE: 'mtls',
        GATEWAY_GRPC_TLS_CERT_FILE: FILE,
        GATEWAY_GRPC_TLS_KEY_FILE: FILE,
        USER_SERVICE_URL: 'grpcs://user:1',
      },
      'mtls',
    ],
  ])('with %o is %s', (changes, mode) => {
    expect(tlsOfUser(changes)?.mode).toBe(mode);
  });

  test('takes each file from its own settings before those for all', () => {
    const tls = tlsOfUser({
      GATEWAY_GRPC_TLS_MODE: 'mtls',
      GATEWAY_GRPC_TLS_CA_FILE: FILE,
      GATEWAY_GRPC_TLS_CERT_FILE: FILE,
      GATEWAY_GRPC_TLS_KEY_FILE: FILE,
      GATEWAY_USER_TLS_KEY_FILE: OTHER_FILE,
      GATEWAY_USER_TLS_SERVER_NAME: 'users.internal',
    });
    expect(tls).toEqual({
      mode: 'mtls',
      caFile: FILE,
      certFile: FILE,
      keyFile: OTHER_FILE,
      serverName: 'users.internal',
    });
  });

  test('takes no part of the settings for all that its mode does not use', () => {
    const shared = { GATEWAY_GRPC_TLS_CA_FILE: FILE, GATEWAY_GRPC_TLS_CERT_FILE: FILE };
    expect(tlsOfUser(shared)?.caFile).toBeUndefined();
    expect(tlsOfUser({ ...shared, GATEWAY_USER_TLS_MODE: 'tls' })).toMatchObject({ caFile: FILE, certFile: undefined });
  });
});

describe('the encryption of an upstream is refused when', () => {
  test.each<[string, Environment, string]>([
    [
      'the address says plaintext and its own mode does not',
      { USER_SERVICE_URL: 'http://user:1', GATEWAY_USER_TLS_MODE: 'tls' },
      'USER_SERVICE_URL: is written as plaintext, but GATEWAY_USER_TLS_MODE is tls',
    ],
    [
      'the address says plaintext and the mode for all does not',
      { USER_SERVICE_URL: 'http://user:1', GATEWAY_GRPC_TLS_MODE: 'tls' },
      'USER_SERVICE_URL: is written as plaintext, but GATEWAY_GRPC_TLS_MODE is tls',
    ],
    [
      'the address says encrypted and its own mode does not',
      { USER_SERVICE_URL: 'https://user:1', GATEWAY_USER_TLS_MODE: 'insecure' },
      'USER_SERVICE_URL: is written as encrypted, but GATEWAY_USER_TLS_MODE is insecure',
    ],
    [
      'mtls has no certificate',
      { GATEWAY_USER_TLS_MODE: 'mtls', GATEWAY_USER_TLS_KEY_FILE: FILE },
      'GATEWAY_USER_TLS_CERT_FILE: is not set, and user uses mtls; set it, or GATEWAY_GRPC_TLS_CERT_FILE for all',
    ],
    [
      'mtls has no key',
      { GATEWAY_USER_TLS_MODE: 'mtls', GATEWAY_GRPC_TLS_CERT_FILE: FILE },
      'GATEWAY_USER_TLS_KEY_FILE: is not set, and user uses mtls',
    ],
    [
      'a file has no effect',
      { GATEWAY_USER_TLS_CA_FILE: FILE },
      'GATEWAY_USER_TLS_CA_FILE: has no effect while user uses insecure; remove it, or set GATEWAY_USER_TLS_MODE',
    ],
  ])('%s', (_, changes, problem) => {
    expect(() => tlsOfUser(changes)).toThrow(ConfigError);
    expect(problemsOf(changes).join('\n')).toContain(problem);
  });
});

function problemsOf(changes: Environment): string[] {
  try {
    tlsOfUser(changes);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

describe('the transport of an upstream', () => {
  test.each<[Environment, string]>([
    [{}, 'http2'],
    [{ GATEWAY_GRPC_TRANSPORT: 'grpc-js' }, 'grpc-js'],
    [{ GATEWAY_USER_GRPC_TRANSPORT: 'grpc-js' }, 'grpc-js'],
    [{ GATEWAY_GRPC_TRANSPORT: 'grpc-js', GATEWAY_USER_GRPC_TRANSPORT: 'http2' }, 'http2'],
  ])('with %o is %s', (changes, transport) => {
    expect(parseEnvironment({ ...BASE, ...changes }).upstreams.get('user')?.transport).toBe(transport);
  });

  test('is one of two', () => {
    expect(() => parseEnvironment({ ...BASE, GATEWAY_USER_GRPC_TRANSPORT: 'grpc' })).toThrow(
      /GATEWAY_USER_GRPC_TRANSPORT.*"grpc" is not one of its values/,
    );
  });

  test.each<[Environment, string]>([
    [{ GATEWAY_GRPC_HTTP_PROXY: 'true' }, 'GATEWAY_GRPC_HTTP_PROXY: has no effect while all upstreams use http2'],
    [{ GATEWAY_GRPC_SERVICE_CONFIG: '{}' }, 'GATEWAY_GRPC_SERVICE_CONFIG: has no effect'],
    [{ USER_SERVICE_URL: 'xds:///users' }, 'USER_SERVICE_URL: is an xDS address'],
    [{ USER_SERVICE_URL: 'xds:users', GATEWAY_USER_GRPC_TRANSPORT: 'grpc-js' }, 'is not an xDS address'],
    [{ GATEWAY_GRPC_TRANSPORT: 'grpc-js', GATEWAY_GRPC_SERVICE_CONFIG: '[]' }, 'is not a JSON object'],
    [{ GATEWAY_GRPC_TRANSPORT: 'grpc-js', GATEWAY_GRPC_SERVICE_CONFIG: '{' }, 'is not JSON'],
    [{ GATEWAY_GRPC_TRANSPORT: 'grpc-js', GATEWAY_GRPC_SERVICE_CONFIG: '{"methodConfig":[]}' }, 'has methodConfig'],
  ])('is refused with %o: %s', (changes, reason) => {
    expect(() => parseEnvironment({ ...BASE, ...changes })).toThrow(reason);
  });

  test('may be told of proxies, service configs and xDS when it is grpc-js', () => {
    const serviceConfig = '{"loadBalancingConfig":[{"pick_first":{}}]}';
    const { grpc, upstreams } = parseEnvironment({
      ...BASE,
      USER_SERVICE_URL: 'xds:///users',
      GATEWAY_USER_GRPC_TRANSPORT: 'grpc-js',
      GATEWAY_GRPC_HTTP_PROXY: 'true',
      GATEWAY_GRPC_SERVICE_CONFIG: serviceConfig,
    });
    expect(grpc).toMatchObject({ httpProxy: true, serviceConfig });
    expect(upstreams.get('user')?.target).toBe('xds:///users');
  });
});
