import { decodeProtectedHeader } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { untilPasses } from '../support/until.js';

let gateway: TestGateway;

afterEach(() => gateway.close());

const keyFetches = () => gateway.sandbox.calls.list().filter(({ upstream }) => upstream === 'jwks').length;
const metrics = async () => (await fetch(`${gateway.url}/metrics`)).text();
const withUnknownKey = (token: string, kid: string) => {
  const [, claims, signature] = token.split('.');
  return `${Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid })).toString('base64url')}.${claims}.${signature}`;
};

describe('the keys of the issuer', () => {
  it('may rotate: tokens of the new key are good at once, after one fetch, and those of the old one still are', async () => {
    gateway = await startTestGateway();
    const before = await Client.of(gateway, 'alice@acme.test');
    const fetched = keyFetches();
    await gateway.sandbox.rotateKeys();
    const after = await Client.of(gateway, 'alice@acme.test');
    const statuses = await Promise.all(
      [after, before, after].map(async (each) => (await each.get('/api/v1/users')).status),
    );
    expect(statuses).toEqual([200, 200, 200]);
    expect(keyFetches()).toBe(fetched + 1);
  });

  it('are withdrawn: what they signed is void with the next refresh, though it was verified before', async () => {
    gateway = await startTestGateway({ env: { GATEWAY_JWKS_CACHE_TTL: '1s' } });
    const alice = await Client.of(gateway, 'alice@acme.test');
    expect((await alice.get('/api/v1/users')).status).toBe(200);
    await gateway.sandbox.rotateKeys();
    gateway.sandbox.forgetOldKeys();
    await untilPasses(async () => expect((await alice.get('/api/v1/users')).status).toBe(401));
    expect(gateway.lines.findLast((line) => line.route === '/api/v1/users')?.decision_reason).toBe(
      'SIGNING_KEY_MISSING',
    );
  });

  it('are replaced under the same name: what the earlier one signed is void with the next refresh', async () => {
    gateway = await startTestGateway({ env: { GATEWAY_JWKS_CACHE_TTL: '1s' } });
    const alice = await Client.of(gateway, 'alice@acme.test');
    expect((await alice.get('/api/v1/users')).status).toBe(200);
    await gateway.sandbox.rotateKeys(decodeProtectedHeader(alice.token).kid);
    gateway.sandbox.forgetOldKeys();
    await untilPasses(async () => expect((await alice.get('/api/v1/users')).status).toBe(401));
    expect(gateway.lines.findLast((line) => line.route === '/api/v1/users')?.decision_reason).toBe(
      'TOKEN_SIGNATURE_INVALID',
    );
    const later = await Client.of(gateway, 'alice@acme.test');
    expect((await later.get('/api/v1/users')).status).toBe(200);
  });

  it('serve on when the issuer is gone, which is told once', async () => {
    gateway = await startTestGateway({ env: { GATEWAY_JWKS_CACHE_TTL: '1s' } });
    await gateway.sandbox.setFault('jwks', { mode: 'down' });
    await untilPasses(async () => expect(await metrics()).toMatch(/^gateway_degraded\{component="jwks"\} 1$/m), {
      interval: 100,
    });
    const alice = await Client.of(gateway, 'alice@acme.test');
    expect((await alice.get('/api/v1/users')).status).toBe(200);
    await expectFetchProblem(
      await new Client(gateway.url, withUnknownKey(alice.token, 'x')).get('/api/v1/users'),
      'UNAUTHENTICATED',
    );
    const told = gateway.lines.filter(({ msg }) => msg === 'degraded component=jwks');
    expect(told).toMatchObject([{ level: 'warn', cause: gateway.sandbox.issuer }]);
    const text = await metrics();
    expect(text).toMatch(/^gateway_jwks_refresh_failures_total\{issuer="[^"]+",reason="network"\} [1-9]/m);
    expect(text).toMatch(/^gateway_jwks_last_success_timestamp_seconds\{issuer="[^"]+"\} 1\d{9}/m);
    expect(text).toMatch(/^gateway_clock_skew_seconds\{source="[^"]+"\} -?\d/m);
  });

  it('are fetched once for a flood of tokens of unknown keys', async () => {
    gateway = await startTestGateway();
    const alice = await Client.of(gateway, 'alice@acme.test');
    const fetched = keyFetches();
    const flood = Array.from({ length: 200 }, (_, index) =>
      new Client(gateway.url, withUnknownKey(alice.token, `kid-${index}`)).get('/api/v1/users'),
    );
    expect(new Set((await Promise.all(flood)).map(({ status }) => status))).toEqual(new Set([401]));
    expect((await alice.get('/api/v1/users')).status).toBe(200);
    expect(keyFetches()).toBe(fetched + 1);
  });

  it('are not there when the gateway starts: it is alive, unready, and answers 503 until they are', async () => {
    const sandbox = await startSandbox({ faultServer: false, idp: false });
    await sandbox.setFault('jwks', { mode: 'down' });
    gateway = await startTestGateway({ sandbox, waitUntilReady: false });
    const alice = await Client.of(gateway, 'alice@acme.test');
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503);
    const refused = await alice.get('/api/v1/users');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await expectFetchProblem(refused, 'AUTH_UNAVAILABLE');
    await sandbox.setFault('jwks', { mode: 'none' });
    await untilPasses(async () => expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200));
    expect((await alice.get('/api/v1/users')).status).toBe(200);
  });
});

describe('a shared secret', () => {
  it('that is being rotated is told at start', async () => {
    gateway = await startTestGateway({
      env: {
        JWT_JWKS_URL: '',
        JWT_SECRET: 'the secret that is in force, 32 bytes',
        JWT_SECRET_PREVIOUS: 'the secret that is on its way out, 32',
      },
    });
    expect(gateway.lines.find(({ msg }) => msg === 'jwt_secret_rotation_active')?.level).toBe('warn');
    const alice = await Client.of(gateway, 'alice@acme.test');
    await expectFetchProblem(await alice.get('/api/v1/users'), 'UNAUTHENTICATED');
    expect(lastRequest(gateway)?.decision_reason).toBe('TOKEN_ALG_REJECTED');
  });
});
