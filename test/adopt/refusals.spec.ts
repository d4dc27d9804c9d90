import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { Protection } from '../../src/traffic/protection.js';
import { lineOf, startTestGateway, type TestGateway } from '../support/gateway.js';

const MODULES = join(import.meta.dirname, 'shop/shop.module.ts');
/** Returns what a client and an operator see of a refusal, without ids and times. */
const FIELDS = ['error_code', 'decision_reason', 'outcome', 'breaker_state', 'failure_domain', 'upstream_service'];
const HEADERS = [
  'content-type',
  'www-authenticate',
  'retry-after',
  'ratelimit-policy',
  'x-ratelimit-scope',
  'cache-control',
];

let sandbox: SandboxEnvironment;
let gateway: TestGateway;
let limited: TestGateway;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
  const env = { GATEWAY_MODULES: MODULES, GATEWAY_REPLICAS: '1' };
  gateway = await startTestGateway({ sandbox, env });
  limited = await startTestGateway({
    sandbox,
    env: { ...env, RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '2', GATEWAY_RATE_LIMIT_IP_RPS: '0' },
  });
});
afterAll(async () => {
  await Promise.all([gateway, limited].map((each) => each.gateway.drain()));
  await sandbox.close();
});

/** Everything that is the same for two refusals of one kind. */
async function refusalAt(target: TestGateway, path: string, headers: Record<string, string>) {
  const response = await fetch(target.url + path, { headers });
  const line = await lineOf(target, response);
  const { request_id, instance, ...body } = (await response.json()) as Record<string, unknown>;
  expect([typeof request_id, instance]).toEqual(['string', path]);
  return {
    body,
    status: response.status,
    // Retry-After is spread at random.
    headers: HEADERS.map((name) => response.headers.get(name)?.replace(/^\d+$/, 'seconds')),
    line: FIELDS.map((name) => line[name]),
  };
}

const token = (user: string, claims: object = {}) => sandbox.issueToken(user, claims as never);
const bearer = async (user: string, claims?: object) => ({ authorization: `Bearer ${await token(user, claims)}` });

describe('a generated route and an ordinary controller refuse alike', () => {
  const cases: [string, string, () => Promise<Record<string, string>> | Record<string, string>][] = [
    ['no credential', 'UNAUTHENTICATED', () => ({})],
    ['a malformed credential', 'UNAUTHENTICATED', () => ({ authorization: 'Bearer x' })],
    ['two credentials', 'UNAUTHENTICATED', async () => ({ ...(await bearer('alice@acme.test')), 'x-api-key': 'k' })],
    ['an expired token', 'UNAUTHENTICATED', () => bearer('alice@acme.test', { exp: 1_000_000_000 })],
    ['a token of no tenant', 'PERMISSION_DENIED', () => bearer('alice@acme.test', { tenant_id: undefined })],
    [
      'a permission that is missing',
      'PERMISSION_DENIED',
      () => bearer('alice@acme.test', { permissions: ['nothing'], roles: [] }),
    ],
    [
      "the application's own guard",
      'PERMISSION_DENIED',
      async () => ({ ...(await bearer('alice@acme.test')), 'x-hours': 'closed' }),
    ],
    [
      'a malformed deadline',
      'INVALID_ARGUMENT',
      async () => ({ ...(await bearer('alice@acme.test')), 'x-request-timeout': 'soon' }),
    ],
  ];
  it.each(cases)('%s: %s', async (_what, code, headersOf) => {
    const headers = await headersOf();
    const generated = await refusalAt(gateway, '/api/v1/users', headers);
    expect(generated.body).toMatchObject({ code });
    expect(await refusalAt(gateway, '/shop/shelves/locked', headers)).toEqual(generated);
  });

  it('an open circuit breaker: CIRCUIT_OPEN', async () => {
    const { breakers } = gateway.gateway.app.get(Protection);
    breakers.open('user');
    const headers = await bearer('alice@acme.test');
    const generated = await refusalAt(gateway, '/api/v1/users', headers);
    expect(generated.body).toMatchObject({ code: 'CIRCUIT_OPEN' });
    expect(await refusalAt(gateway, '/shop/shelves/locked', headers)).toEqual(generated);
    breakers.reset('user');
  });

  it('the rate of a tenant: RATE_LIMITED', async () => {
    const deniedAt = async (user: string, path: string) => {
      const headers = await bearer(user);
      while ((await fetch(limited.url + path, { headers })).status !== 429);
      return refusalAt(limited, path, headers);
    };
    const alike = [
      await deniedAt('alice@acme.test', '/api/v1/users'),
      await deniedAt('carol@globex.test', '/shop/shelves/locked'),
    ];
    expect(alike[0]!.body).toMatchObject({ code: 'RATE_LIMITED' });
    expect(alike[1]).toEqual(alike[0]);
  });
});
