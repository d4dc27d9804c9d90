import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../config/variables.js';
import { run } from './program.js';

const SANDBOX_ENV = fileURLToPath(new URL('../../sandbox/sandbox.env', import.meta.url));
const EXTRA_DESCRIPTORS = fileURLToPath(new URL('../../test/gen/descriptors.binpb', import.meta.url));
const VALID: Environment = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'grpcs://localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
};
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gateway-cli-'));
});

afterAll(() => rm(directory, { recursive: true }));

async function gateway(args: readonly string[], env: Environment = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await run(args, { out: (line) => out.push(line), err: (line) => err.push(line) }, env);
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

describe('gateway check', () => {
  test('without any setting lists every missing one and exits 78', async () => {
    const { exitCode, out, err } = await gateway(['check']);
    expect(exitCode).toBe(78);
    expect(out).toBe('');
    for (const name of ['AUTH_SERVICE_URL', 'USER_SERVICE_URL', 'TENANT_SERVICE_URL', 'JWT_JWKS_URL']) {
      expect(err).toMatch(new RegExp(`^${name}: is not set`, 'm'));
    }
    expect(err).toContain('4 problems: the gateway would not start');
  });

  test('says how it understood valid settings, and which routes they leave out', async () => {
    const { exitCode, out, err } = await gateway(['check'], VALID);
    expect(exitCode).toBe(0);
    expect(err).toBe('');
    expect(out).toMatch(/^configuration is valid$/m);
    expect(out).toMatch(/user +grpcs:\/\/localhost:2 understood as dns:\/\/\/localhost:2 +tls +deadline 2s/);
    expect(out).toMatch(/ai +AI_SERVICE_URL is not set: its 4 routes do not exist/);
  });

  test('takes the settings of a file alone', async () => {
    const { exitCode, out } = await gateway(['check', '--env', SANDBOX_ENV], { GATEWAY_NONSENSE: '1' });
    expect(exitCode).toBe(0);
    expect(out).toMatch(/user +127\.0\.0\.1:50052 understood as dns:\/\/\/127\.0\.0\.1:50052/);
  });

  test('names a file that is not there', async () => {
    const { exitCode, err } = await gateway(['check', '--env', '/nowhere/.env']);
    expect(exitCode).toBe(78);
    expect(err).toContain('the file /nowhere/.env cannot be read: ENOENT');
  });

  test('prints the effective settings without secrets when asked', async () => {
    const { out } = await gateway(['check', '--print'], VALID);
    expect(out).toContain('"requestMs": 30000');
    expect(out).toMatch(/"secret": "sha256:[0-9a-f]{8}"/);
    expect(out).not.toContain(VALID['JWT_SECRET']);
  });

  test('warns of settings that are valid but likely not meant', async () => {
    const changes = { NODE_ENV: 'production', LOG_LEVEL: 'debug', JWT_ISSUER: 'i', BILLING_SERVICE_URL: 'localhost:4' };
    const { exitCode, err } = await gateway(['check'], { ...VALID, ...changes });
    expect(exitCode).toBe(0);
    expect(err).toContain('warning: LOG_LEVEL: is debug in production; set info');
    expect(err).toContain(
      'warning: BILLING_SERVICE_URL: names the upstream billing, which no mounted contract exposes',
    );
  });

  test('refuses a descriptor set that is none, beside all other problems', async () => {
    const file = join(directory, 'broken.binpb');
    writeFileSync(file, 'syntax = "proto3";');
    const { exitCode, err } = await gateway(['check'], { ...VALID, GATEWAY_DESCRIPTORS: file, API_GATEWAY_PORT: 'x' });
    expect(exitCode).toBe(78);
    expect(err).toContain('API_GATEWAY_PORT: "x" is not a whole number');
    expect(err).toContain(`${file}: is a .proto source, not a descriptor set`);
  });

  test('refuses a mounted descriptor set whose upstream has no address', async () => {
    const { exitCode, err } = await gateway(['check'], { ...VALID, GATEWAY_DESCRIPTORS: EXTRA_DESCRIPTORS });
    expect(exitCode).toBe(78);
    expect(err).toMatch(/^[A-Z]+_SERVICE_URL: is not set, but GATEWAY_DESCRIPTORS exposes \d+ of its RPCs/m);
  });
});

describe('gateway routes', () => {
  test('lists every route with its RPC, access, permissions, timeout and upstream', async () => {
    const { exitCode, out } = await gateway(['routes']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^VERB +TEMPLATE +RPC +ACCESS +PERMISSIONS +TIMEOUT +UPSTREAM$/m);
    expect(out).toMatch(
      /^GET +\/api\/v1\/users\/\{user_id\} +user\.v1\.UserService\.GetUser +ACCESS_CONTROLLED +user\.read +2s +user$/m,
    );
    expect(out).toMatch(/^POST +\/api\/v1\/auth\/login +auth\.v1\.AuthService\.Login +OPEN +- +1s +auth$/m);
  });

  test('takes timeouts from the settings', async () => {
    const { out } = await gateway(['routes', '--json'], { GATEWAY_USER_TIMEOUT: '750ms' });
    const routes = JSON.parse(out) as { rpc: string; timeoutMs: number }[];
    expect(routes.find(({ rpc }) => rpc === 'user.v1.UserService.GetUser')).toMatchObject({
      verb: 'GET',
      template: '/api/v1/users/{user_id}',
      access: 'ACCESS_CONTROLLED',
      permissions: ['user.read'],
      timeoutMs: 750,
    });
  });
});

describe('gateway explain', () => {
  test('shows route, bindings, policy, RPC, upstream and deadline without any setting', async () => {
    const { exitCode, out } = await gateway(['explain', 'GET', '/api/v1/users/4%202']);
    expect(exitCode).toBe(0);
    const facts = Object.fromEntries(
      out
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/ {2,}/, 2)),
    );
    expect(facts).toMatchObject({
      route: 'GET /api/v1/users/{user_id}',
      binding: 'user_id = "4 2"',
      rpc: 'user.v1.UserService.GetUser (unary)',
      upstream: 'user at USER_SERVICE_URL (not set)',
      permissions: 'user.read (all of them)',
      tenant: "tenant_id always holds the caller's tenant",
      redacted: 'password_hash (never leave the gateway)',
      deadline: '2s (GATEWAY_USER_TIMEOUT), the whole request 30s (GATEWAY_REQUEST_TIMEOUT)',
      retry: '2 attempts, first pause 50ms',
    });
  });

  test.each([
    [
      'GET',
      '/api/v1/users',
      ['decode, call, encode, send', 'concurrency-limit, circuit-breaker, retry, deadline, measure'],
    ],
    ['PATCH', '/api/v1/users/1', ['decode, call, encode, send', 'response-cache, concurrency-limit, circuit-breaker']],
    [
      'POST',
      '/api/v1/ai:stream',
      ['decode, call, send', 'meter, concurrency-limit, circuit-breaker, deadline, measure'],
    ],
    ['POST', '/api/v1/auth/login', ['decode, value-limits, call, encode, send', 'circuit-breaker, deadline, measure']],
  ])('shows what %s %s goes through, in its order', async (verb, path, [handler, call]) => {
    const { out } = await gateway(['explain', verb, path]);
    const lines = out.split('\n').map((line) => line.trim());
    const at = lines.findIndex((line) => line.startsWith('first '));
    expect(lines[at]).toMatch(
      /address-limit, framing, preflight, route, admission, client-deadline, then the body is read$/,
    );
    expect(lines[at + 1]).toMatch(/^guards +AuthenticationGuard, TenantGuard, RolesGuard$/);
    expect(lines[at + 2]).toMatch(/^interceptors +RateLimitInterceptor, CircuitBreakerInterceptor$/);
    expect(lines[at + 3]!.replace(/^handler +/, '')).toBe(handler);
    expect(lines[at + 4]).toContain(call);
    expect(lines[at + 5]).toMatch(/^filters +ProblemFilter /);
  });

  test('shows addresses and deadlines that are set, and says which cannot be read', async () => {
    const settings = { USER_SERVICE_URL: 'users:9000', GATEWAY_USER_TIMEOUT: '5', GATEWAY_REQUEST_TIMEOUT: '20s' };
    const { out } = await gateway(['explain', 'GET', '/api/v1/users'], settings);
    expect(out).toContain('user at dns:///users:9000 (USER_SERVICE_URL)');
    expect(out).toContain(
      'unknown (GATEWAY_USER_TIMEOUT cannot be read), the whole request 20s (GATEWAY_REQUEST_TIMEOUT)',
    );
  });

  test('shows the limits of a stream', async () => {
    const { out } = await gateway(['explain', 'post', 'http://localhost:8080/api/v1/ai:stream?x=1']);
    expect(out).toContain('ai.v1.AIService.StreamQuery (server stream)');
    expect(out).toMatch(/deadline +300s \(policy\), pauses up to 30s \(policy\)/);
    expect(out).toMatch(/body limit +1MiB/);
  });

  test('shows the methods of a path that takes others', async () => {
    const { exitCode, err } = await gateway(['explain', 'POST', '/api/v1/users/42']);
    expect(exitCode).toBe(1);
    expect(err).toContain('405 METHOD_NOT_ALLOWED');
    expect(err).toContain('Allow: DELETE, GET, HEAD, PATCH, PUT, OPTIONS');
  });

  test.each([
    ['GET', '/api/v1/me', 'GET /api/v1/me', 'AUTHENTICATED: anyone with a valid credential'],
    ['head', '/health/', 'GET /health', 'OPEN: anyone, without a credential'],
    ['GET', '/ready', 'GET /ready', 'OPEN: anyone, without a credential'],
    ['GET', '/metrics', 'GET /metrics', 'OPEN: anyone, without a credential'],
    ['GET', '/', 'GET /', 'OPEN: anyone, without a credential'],
    ['GET', '/docs', 'GET /docs', 'OPEN: anyone, without a credential'],
  ])('shows what the gateway answers itself: %s %s', async (verb, path, route, access) => {
    const { exitCode, out } = await gateway(['explain', verb, path]);
    expect(exitCode).toBe(0);
    for (const fact of [route, 'by the gateway itself', access]) expect(out).toContain(fact);
  });

  test('shows what the gateway answers itself only where the settings mount it', async () => {
    const sso = { GATEWAY_SSO_CORP_ISSUER: 'https://id.test', GATEWAY_SSO_CORP_CLIENT_ID: 'gateway' };
    expect((await gateway(['explain', 'GET', '/auth/corp/login'])).exitCode).toBe(1);
    expect((await gateway(['explain', 'GET', '/auth/corp/login'], sso)).out).toContain('GET /auth/{provider}/login');
    expect((await gateway(['explain', 'GET', '/openapi.json'], { GATEWAY_DOCS: 'false' })).exitCode).toBe(1);
    expect((await gateway(['explain', 'GET', '/metrics'], { OPS_PORT: '9464' })).exitCode).toBe(1);
  });

  test('shows the methods of a path to whoever asks for them, those that the gateway answers itself included', async () => {
    expect((await gateway(['explain', 'OPTIONS', '/api/v1/users'])).out).toContain('Allow: GET, HEAD, POST, OPTIONS');
    expect((await gateway(['explain', 'POST', '/health'])).err).toContain('Allow: GET, HEAD, OPTIONS');
  });

  test('shows the nearest routes of a path that nothing takes', async () => {
    const { exitCode, out, err } = await gateway(['explain', 'GET', '/api/v1/user/42']);
    expect(exitCode).toBe(1);
    expect(out).toBe('');
    expect(err).toContain('404 ROUTE_NOT_FOUND');
    expect(err.split('\n')[2]?.trim()).toBe('GET, PATCH, PUT, DELETE /api/v1/users/{user_id}');
  });

  test('says why a path is refused', async () => {
    const { exitCode, err } = await gateway(['explain', 'GET', '/api/v1/users/..']);
    expect(exitCode).toBe(1);
    expect(err).toContain('(400)');
  });
});

test('gateway docs --check finds the generated documents fresh', async () => {
  expect(await gateway(['docs', '--check'])).toEqual({ exitCode: 0, out: '', err: '' });
});

describe('gateway outbox report', () => {
  test('says what is missing where there is no shelf', async () => {
    const nowhere = await gateway(['outbox', 'report', '--directory', '/nowhere']);
    expect(nowhere.exitCode).toBe(69);
    expect(nowhere.err).toContain('the journal /nowhere cannot be read: ENOENT');
    expect((await gateway(['outbox', 'report'])).exitCode).toBe(78);
  });
});
