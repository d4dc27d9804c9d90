import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reloadableSettings } from '../../src/config/reloadable.js';
import { callAdmin } from '../support/admin.js';
import { lineOf } from '../support/gateway.js';
import { ReloadFixture } from '../support/reload-fixture.js';

let fixture: ReloadFixture;
beforeAll(async () => {
  fixture = await ReloadFixture.start();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

const USER = '/api/v1/users/acme-alice';
const ask = (path: string, init: RequestInit = {}) => fetch(fixture.gateway.url + path, init);

async function reload(settings: Readonly<Record<string, string>>): Promise<void> {
  fixture.settings = settings;
  const { settings: changed, needRestart } = await fixture.gateway.gateway.reload();
  expect({ changed, needRestart }).toEqual({ changed: Object.keys(settings).toSorted(), needRestart: [] });
}

const policyOf = async () => (await fixture.alice.get(USER)).headers.get('ratelimit-policy');
const statusOfUser = async () => (await fixture.alice.get(USER)).status;
const shown = (group: string, name: string) => async () => {
  const config = (await (await callAdmin(fixture.gateway, 'GET', '/admin/config')).json()) as Record<
    string,
    Record<string, unknown>
  >;
  return config[group]?.[name];
};
const identity = async () => (await lineOf(fixture.gateway, await fixture.alice.get(USER))).identity_id;
const forbidden = async () => {
  const headers = { authorization: `Bearer ${await fixture.gateway.sandbox.issueToken('bob@acme.test')}` };
  return (await ask(USER, { method: 'DELETE', headers })).json() as Promise<{ detail: string }>;
};
const post = async () => {
  const query = 'x'.repeat(2_000);
  return (await fixture.alice.send('POST', '/api/v1/ai', { query })).status;
};

/** Observable effect of a setting, and the change of its value. */
const EFFECTS: readonly [name: string, settings: Readonly<Record<string, string>>, see: () => Promise<unknown>][] = [
  ['RATE_LIMIT_RPS', { RATE_LIMIT_RPS: '7' }, policyOf],
  ['RATE_LIMIT_BURST', { RATE_LIMIT_BURST: '9' }, policyOf],
  ['GATEWAY_RATE_LIMIT_USER_RPS', { GATEWAY_RATE_LIMIT_USER_RPS: '5' }, policyOf],
  ['GATEWAY_RATE_LIMIT_USER_BURST', { GATEWAY_RATE_LIMIT_USER_RPS: '5', GATEWAY_RATE_LIMIT_USER_BURST: '6' }, policyOf],
  ['LOG_IDENTITY', { LOG_IDENTITY: 'hash' }, identity],
  ['GATEWAY_EXPOSE_AUTHZ_DETAIL', { GATEWAY_EXPOSE_AUTHZ_DETAIL: 'true' }, async () => (await forbidden()).detail],
  ['GATEWAY_MAX_BODY_BYTES', { GATEWAY_MAX_BODY_BYTES: '1024' }, post],
  [
    'GATEWAY_CORS_ORIGINS',
    { GATEWAY_CORS_ORIGINS: 'https://app.example.com' },
    async () =>
      (await ask('/livez', { headers: { origin: 'https://app.example.com' } })).headers.get(
        'access-control-allow-origin',
      ),
  ],
  [
    'GATEWAY_AI_TIMEOUT',
    { GATEWAY_AI_TIMEOUT: '50ms' },
    async () => (await fixture.alice.send('POST', '/api/v1/ai', { query: 'slow 400ms' })).status,
  ],
  [
    'GATEWAY_USER_TIMEOUT',
    { GATEWAY_USER_TIMEOUT: '1s' },
    async () => {
      const { routes } = (await (await callAdmin(fixture.gateway, 'GET', '/admin/routes')).json()) as {
        routes: { template: string; timeoutMs: number }[];
      };
      return routes.find(({ template }) => template === '/api/v1/users/{user_id}')?.timeoutMs;
    },
  ],
  [
    'LOG_LEVEL',
    { LOG_LEVEL: 'debug' },
    async () => {
      const id = (await ask('/livez')).headers.get('x-request-id');
      await new Promise((resolve) => setTimeout(resolve, 50));
      return fixture.gateway.lines.some(({ request_id }) => request_id === id);
    },
  ],
  [
    'GATEWAY_RATE_LIMIT_DRY_RUN',
    { GATEWAY_RATE_LIMIT_DRY_RUN: 'true' },
    async () => {
      const limits = await (await callAdmin(fixture.gateway, 'GET', '/admin/limits')).text();
      return /"dryRun": ?true/.test(limits);
    },
  ],
  ['GATEWAY_REQUEST_TIMEOUT', { GATEWAY_REQUEST_TIMEOUT: '35s' }, shown('timeouts', 'requestMs')],
  ['GATEWAY_STREAM_IDLE_TIMEOUT', { GATEWAY_STREAM_IDLE_TIMEOUT: '29s' }, shown('timeouts', 'streamIdleMs')],
  ['GATEWAY_STREAM_MAX_DURATION', { GATEWAY_STREAM_MAX_DURATION: '299s' }, shown('timeouts', 'streamTotalMs')],
  ['GATEWAY_STREAM_HEARTBEAT', { GATEWAY_STREAM_HEARTBEAT: '14s' }, shown('timeouts', 'streamHeartbeatMs')],
  [
    'GATEWAY_STREAM_UNTIL_TOKEN_EXPIRY',
    { GATEWAY_STREAM_UNTIL_TOKEN_EXPIRY: 'false' },
    shown('streams', 'untilTokenExpiry'),
  ],
  ['GATEWAY_STREAM_LINE_HEARTBEAT', { GATEWAY_STREAM_LINE_HEARTBEAT: 'true' }, shown('streams', 'lineHeartbeat')],
  ['GATEWAY_AUTH_SLOW_MS', { GATEWAY_AUTH_SLOW_MS: '11' }, shown('log', 'slowAuthMs')],
  ['GATEWAY_JWT_CLAIM_SUBJECT', { GATEWAY_JWT_CLAIM_SUBJECT: 'jti' }, identity],
  ['GATEWAY_JWT_CLAIM_TENANT', { GATEWAY_JWT_CLAIM_TENANT: 'absent' }, statusOfUser],
  ['GATEWAY_JWT_CLAIM_ROLES', { GATEWAY_JWT_CLAIM_ROLES: 'exp' }, statusOfUser],
  ['GATEWAY_JWT_CLAIM_PERMISSIONS', { GATEWAY_JWT_CLAIM_PERMISSIONS: 'absent' }, statusOfUser],
  ['GATEWAY_JWT_CLAIM_AUDIENCE', { GATEWAY_JWT_CLAIM_AUDIENCE: 'sub' }, statusOfUser],
  ['GATEWAY_JWT_TYPES', { GATEWAY_JWT_TYPES: 'none' }, statusOfUser],
];

/** These have tests of their own, below and in the other specs of reloads. */
const ELSEWHERE = [
  'GATEWAY_CORS_HEADERS',
  'GATEWAY_DESCRIPTORS',
  'GATEWAY_AUTH_TIMEOUT',
  'GATEWAY_TENANT_TIMEOUT',
  'GATEWAY_GUARDRAIL_TIMEOUT',
  'GATEWAY_UPSTREAMS',
  'GATEWAY_UPSTREAM_TIMEOUT',
  'GATEWAY_JWT_AUDIENCES',
  'GATEWAY_JWT_ISSUERS',
  'GATEWAY_JWT_ISSUER_TENANTS',
  'GATEWAY_POLICY_FILE',
  'GATEWAY_ROLE_PERMISSIONS',
  'GATEWAY_TLS_CLIENT_IDENTITIES',
  'GATEWAY_MAX_CONCURRENT_REQUESTS',
  'GATEWAY_RATE_LIMIT_IP_BURST',
  'GATEWAY_RATE_LIMIT_IP_RPS',
  'JWT_AUDIENCE',
  'JWT_ISSUER',
  'JWT_JWKS_URL',
  'JWT_SECRET',
  'JWT_SECRET_PREVIOUS',
];

describe('a setting that a reload takes', () => {
  it.each(EFFECTS)('%s is in force from then on, and gone again', async (_, settings, see) => {
    const before = await see();
    await reload(settings);
    const during = await see();
    expect(during).not.toEqual(before);
    fixture.settings = {};
    await fixture.gateway.gateway.reload();
    expect(await see()).toEqual(before);
  });

  it('is among those of these tests', () => {
    expect([...reloadableSettings({})].toSorted()).toEqual([...EFFECTS.map(([name]) => name), ...ELSEWHERE].toSorted());
  });

  it.each([
    ['GATEWAY_JWT_AUDIENCES', 'others'],
    ['GATEWAY_JWT_ISSUER_TENANTS', 'globex'],
  ])('holds for the tokens of one issuer: %s', async (name, value) => {
    const issuer = fixture.gateway.sandbox.gatewayEnv()['JWT_ISSUER'] ?? '';
    await reload({ [name]: `${issuer}=${value}` });
    expect(await statusOfUser()).toBe(401);
    await fixture.reset();
    expect(await statusOfUser()).toBe(200);
  });

  it('lets pages send another header, to the origins of before', async () => {
    const origin = 'https://app.example.com';
    const headers = { origin, 'access-control-request-method': 'GET' };
    const allowed = async () =>
      (await ask(USER, { method: 'OPTIONS', headers })).headers.get('access-control-allow-headers') ?? '';
    await reload({ GATEWAY_CORS_ORIGINS: origin });
    expect(await allowed()).not.toContain('x-client-version');
    fixture.settings = { GATEWAY_CORS_ORIGINS: origin, GATEWAY_CORS_HEADERS: 'x-client-version' };
    await fixture.gateway.gateway.reload();
    expect(await allowed()).toContain('x-client-version');
  });

  it('limits addresses', async () => {
    await reload({ GATEWAY_RATE_LIMIT_IP_RPS: '1', GATEWAY_RATE_LIMIT_IP_BURST: '1' });
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await ask('/openapi.json')).status);
    expect(statuses).toContain(429);
  });

  it('limits requests at once', async () => {
    await reload({ GATEWAY_MAX_CONCURRENT_REQUESTS: '1' });
    const slow = ask('/extra/v1/books/slow');
    await expect.poll(() => fixture.release).toBeDefined();
    expect(await statusOfUser()).toBe(503);
    fixture.release?.();
    expect((await slow).status).toBe(200);
    await fixture.reset();
    expect(await statusOfUser()).toBe(200);
  });
});

describe('a setting that needs a restart', () => {
  it('is named, keeps its value, and does not hinder the others', async () => {
    fixture.settings = { API_GATEWAY_PORT: '9999', GATEWAY_MAX_BODY_BYTES: '2048' };
    const response = await callAdmin(fixture.gateway, 'POST', '/admin/reload');
    expect(await response.json()).toMatchObject({
      settings: ['GATEWAY_MAX_BODY_BYTES'],
      needRestart: ['API_GATEWAY_PORT'],
    });
    expect(await shown('server', 'port')()).toBe(0);
    const warning = fixture.gateway.lines.find(({ msg }) => String(msg).startsWith('reload_needs_restart'));
    expect(warning).toMatchObject({
      setting: 'API_GATEWAY_PORT',
      msg: 'reload_needs_restart API_GATEWAY_PORT needs a restart',
    });
  });
});
