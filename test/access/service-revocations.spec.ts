import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeUser } from '../../sandbox/data/new-user.js';
import { PASSWORD } from '../../sandbox/data/seed.js';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { TestRedis } from '../support/redis.js';
import { FROM_PAGE, signIn, type SsoGateway, startSsoGateway } from '../support/sso.js';
import { addTenants } from '../support/tenants.js';
import { WebClient } from '../support/web-client.js';

const FURTHER_ISSUER = 'https://apps.example';
const KINDS = ['jwt', 'jwt of a further issuer', 'session'] as const;

let redis: TestRedis;
let sandbox: SandboxEnvironment;
let gateway: SsoGateway;
let alice: Client;
let root: Client;

beforeAll(async () => {
  redis = await TestRedis.start();
  sandbox = await startSandbox({ faultServer: false, redisUrl: redis.url });
  gateway = await startSsoGateway({
    sandbox,
    env: {
      REDIS_URL: redis.url,
      GATEWAY_SESSION_KEY: 'a secret for sessions, of 32 bytes or more',
      GATEWAY_JWT_ISSUERS: `${FURTHER_ISSUER}=${sandbox.jwksUrl}`,
    },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
  root = await Client.of(gateway, 'root@platform.test');
});
afterAll(async () => {
  await gateway?.close();
  await redis?.close();
});

interface Person {
  readonly id: string;
  readonly email: string;
}

let person: Person;
beforeEach(() => void (person = newPerson('acme')));

/** A user of a tenant who can sign in with {@link PASSWORD}. */
function newPerson(tenantId: string): Person {
  const username = randomUUID();
  const email = `${username}@${tenantId}.test`;
  return sandbox.directory.addUser(makeUser({ tenantId, username, email, displayName: username, password: PASSWORD }));
}

type Headers = Record<string, string>;
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

/** The headers of somebody who signed in just now. */
async function headersOf(kind: (typeof KINDS)[number], { id, email }: Person): Promise<Headers> {
  if (kind === 'jwt') return bearer((await logIn(email)).accessToken);
  if (kind !== 'session') {
    return bearer(await sandbox.issueToken(id, { iss: FURTHER_ISSUER, token_version: undefined }));
  }
  const browser = new WebClient();
  await signIn(browser, gateway, email);
  return { cookie: `__Host-sid=${browser.cookie(gateway.publicUrl, '__Host-sid') ?? ''}`, ...FROM_PAGE };
}

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

const post = (path: string, body: object, headers: Headers = {}) =>
  fetch(gateway.publicUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const logIn = async (identifier: string) =>
  (await (await post('/api/v1/auth/login', { identifier, password: PASSWORD })).json()) as Tokens;
const renew = (refreshToken: string) => post('/api/v1/auth/refresh', { refreshToken });
const statusOf = async (headers: Headers) =>
  (await fetch(`${gateway.publicUrl}/api/v1/tenants/acme`, { headers })).status;
const ofTenant = async (tenantId: string, headers: Headers) =>
  (await fetch(`${gateway.publicUrl}/api/v1/tenants/${tenantId}`, { headers })).status;

describe.each(KINDS)('with a credential of the kind %s', (kind) => {
  it('a user who is suspended is out within seconds, and nobody else is', async () => {
    const [headers, other] = [await headersOf(kind, person), await headersOf(kind, newPerson('acme'))];
    expect([await statusOf(headers), await statusOf(other)]).toEqual([200, 200]);
    const changed = await alice.send('PATCH', `/api/v1/users/${person.id}`, { status: 'USER_STATUS_SUSPENDED' });
    expect(changed.status).toBe(200);
    await expect.poll(() => statusOf(headers)).toBe(401);
    expect(await statusOf(other)).toBe(200);
  });

  it('a user who is deleted is out within seconds', async () => {
    const headers = await headersOf(kind, person);
    expect(await statusOf(headers)).toBe(200);
    expect((await alice.send('DELETE', `/api/v1/users/${person.id}`)).status).toBe(204);
    await expect.poll(() => statusOf(headers)).toBe(401);
  });

  it('the users of a tenant that is deleted are out within seconds', async () => {
    const tenantId = `t-${randomUUID().slice(0, 8)}`;
    addTenants(sandbox.directory, [tenantId]);
    const headers = await headersOf(kind, newPerson(tenantId));
    expect(await ofTenant(tenantId, headers)).toBe(200);
    expect((await root.send('DELETE', `/api/v1/tenants/${tenantId}`)).status).toBe(204);
    await expect.poll(() => ofTenant(tenantId, headers)).toBe(401);
  });
});

describe('a family of tokens', () => {
  it('ends with all its access tokens when a refresh token comes a second time', async () => {
    const [first, other] = [await logIn(person.email), await logIn(person.email)];
    const second = (await (await renew(first.refreshToken)).json()) as Tokens;
    const stolen = [first.accessToken, second.accessToken];
    for (const token of [...stolen, other.accessToken]) expect(await statusOf(bearer(token))).toBe(200);
    expect((await renew(first.refreshToken)).status).toBe(401);
    for (const token of stolen) await expect.poll(() => statusOf(bearer(token))).toBe(401);
    expect((await renew(second.refreshToken)).status).toBe(401);
    expect(await statusOf(bearer(other.accessToken))).toBe(200);
  });

  it('ends with all its access tokens at a logout', async () => {
    const first = await logIn(person.email);
    const second = (await (await renew(first.refreshToken)).json()) as Tokens;
    const body = { refreshToken: second.refreshToken };
    expect((await post('/api/v1/auth/logout', body, bearer(second.accessToken))).status).toBe(200);
    for (const { accessToken } of [first, second]) await expect.poll(() => statusOf(bearer(accessToken))).toBe(401);
  });
});

it('a user who is active again signs in and works', async () => {
  const before = await headersOf('jwt', person);
  await alice.send('PATCH', `/api/v1/users/${person.id}`, { status: 'USER_STATUS_SUSPENDED' });
  await expect.poll(() => statusOf(before)).toBe(401);
  await alice.send('PATCH', `/api/v1/users/${person.id}`, { status: 'USER_STATUS_ACTIVE' });
  expect(await statusOf(await headersOf('jwt', person))).toBe(200);
  expect(await statusOf(before)).toBe(401);
});

it('a user is not suspended in silence: without Redis the change is refused, and done when it is tried again', async () => {
  const headers = await headersOf('jwt', person);
  const suspend = async () =>
    (await alice.send('PATCH', `/api/v1/users/${person.id}`, { status: 'USER_STATUS_SUSPENDED' })).status;
  await redis.kill();
  expect(await suspend()).toBe(503);
  await redis.restart();
  await expect.poll(suspend).toBe(200);
  await expect.poll(() => statusOf(headers)).toBe(401);
});
