import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type * as v1 from '../../src/gen/auth/v1/auth_pb.js';
import { BackendClient } from '../backend/client.js';
import { failureOf } from '../backend/rpc-failure.js';
import { startSandbox, type SandboxEnvironment } from '../environment.js';

let sandbox: SandboxEnvironment;
let client: BackendClient;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false });
  client = BackendClient.of('auth', sandbox.authUrl);
});
afterAll(async () => {
  client.close();
  await sandbox.close();
});

const login = (request: object = {}) =>
  client.unary<v1.LoginResponse>('Login', { identifier: 'alice@acme.test', password: 'sandbox', ...request });
const refresh = (refreshToken: string) => client.unary<v1.RefreshTokenResponse>('RefreshToken', { refreshToken });
const validate = (credential: string) =>
  client.unary<v1.ValidateCredentialResponse>('ValidateCredential', { credential });
const verify = (token: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(sandbox.jwksUrl)), {
    issuer: sandbox.issuer,
    audience: 'api-gateway',
    typ: 'at+jwt',
  });

describe('a sign-in', () => {
  it('gives an RFC 9068 token that verifies against the published keys', async () => {
    const { accessToken, tokenType, expiresIn } = await login();
    const { payload } = await verify(accessToken);
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    expect(payload).toMatchObject({ sub: 'acme-alice', tenant_id: 'acme', roles: ['admin'], client_id: 'sandbox' });
    expect(payload['permissions']).toEqual(['user.*', 'tenant.*', 'ai.use']);
    expect(payload.jti).toBeTypeOf('string');
    expect({ tokenType, expiresIn }).toEqual({
      tokenType: 'Bearer',
      expiresIn: (payload.exp ?? 0) - (payload.iat ?? 0),
    });
  });

  it.each([
    ['bob@acme.test', ['user.read', 'tenant.read', 'ai.use']],
    ['carol@globex.test', ['user.*', 'tenant.*', 'ai.use']],
    ['root@platform.test', ['*']],
  ])('of %s carries the permissions of the role', async (identifier, permissions) => {
    const { payload } = await verify((await login({ identifier })).accessToken);
    expect(payload['permissions']).toEqual(permissions);
  });

  it('with many wrong passwords has to wait, even with the right one, and nobody else has', async () => {
    const wrong = { identifier: 'chloe.adler@acme.test', password: 'wrong' };
    for (let n = 0; n < 5; n++) expect(await failureOf(login(wrong))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await failureOf(login({ ...wrong, password: 'sandbox' }))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(await login()).toMatchObject({ tokenType: 'Bearer' });
  });

  it('takes the user name too', async () => {
    const { payload } = await verify((await login({ identifier: 'alice' })).accessToken);
    expect(payload.sub).toBe('acme-alice');
  });

  it.each([{ password: 'wrong' }, { identifier: 'nobody' }, { tenantId: 'globex' }])(
    'with %j is refused in the same words',
    async (request) => {
      const failure = await failureOf(login(request));
      expect(failure).toMatchObject({ code: 'UNAUTHENTICATED', details: 'invalid credentials' });
    },
  );

  it('names the fields that are missing', async () => {
    const failure = await failureOf(login({ identifier: '', password: '' }));
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', fields: ['identifier', 'password'] });
  });

  it('with a name that two tenants know needs the tenant', async () => {
    expect(await failureOf(login({ identifier: 'ada.adler' }))).toMatchObject({ fields: ['tenant_id'] });
    const { payload } = await verify((await login({ identifier: 'ada.adler', tenantId: 'globex' })).accessToken);
    expect(payload['tenant_id']).toBe('globex');
  });

  it('of a suspended user is refused', async () => {
    const suspended = sandbox.directory.usersOf('acme').find((user) => user.status === 'USER_STATUS_SUSPENDED');
    expect(await failureOf(login({ identifier: suspended?.email }))).toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});

describe('a refresh token', () => {
  it('gives a new pair, once', async () => {
    const first = await login();
    const second = await refresh(first.refreshToken);
    expect((await verify(second.accessToken)).payload.sub).toBe('acme-alice');
    expect(second.refreshToken).not.toBe(first.refreshToken);
  });

  it('that comes a second time ends its whole session', async () => {
    const first = await login();
    const second = await refresh(first.refreshToken);
    expect(await failureOf(refresh(first.refreshToken))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await failureOf(refresh(second.refreshToken))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await validate(second.accessToken)).toMatchObject({ valid: false });
  });

  it('is void after its owner has logged out, and only then', async () => {
    const { refreshToken } = await login();
    const logout = (subject: string) =>
      client.unary('Logout', { refreshToken }, { metadata: { 'x-gateway-subject': subject } });
    await logout('acme-bob');
    const next = await refresh(refreshToken);
    await client.unary('Logout', next, { metadata: { 'x-gateway-subject': 'acme-alice' } });
    expect(await failureOf(refresh(next.refreshToken))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('a registration', () => {
  const account = { email: 'new@acme.test', username: 'new', password: 'long enough', tenantId: 'acme' };
  const register = (request: object = {}) =>
    client.unary<v1.RegisterResponse>('Register', { ...account, displayName: 'New', ...request });

  it('makes a user who can sign in', async () => {
    const { userId } = await register();
    const { accessToken } = await login({ identifier: 'new', password: account.password });
    expect((await verify(accessToken)).payload.sub).toBe(userId);
    expect(await failureOf(register())).toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it.each([
    [{ tenantId: 'globex' }, 'FAILED_PRECONDITION'],
    [{ tenantId: 'nowhere' }, 'NOT_FOUND'],
    [{ email: 'x' }, 'INVALID_ARGUMENT'],
  ])('with %j is refused: %s', async (request, code) => {
    expect(await failureOf(register(request))).toMatchObject({ code });
  });
});

it('tells how a tenant signs in', async () => {
  const config = (tenantId: string) => client.unary<v1.GetLoginConfigResponse>('GetLoginConfig', { tenantId });
  expect(await config('acme')).toEqual({
    allowedIdentifiers: ['email', 'username'],
    allowRegistration: true,
    ssoProvider: 'sandbox',
  });
  expect(await failureOf(config('nowhere'))).toMatchObject({ code: 'NOT_FOUND' });
});

describe('a credential', () => {
  it('that is an API key is a service of its tenant', async () => {
    expect(await validate('sk-sandbox-globex')).toMatchObject({
      valid: true,
      tenantId: 'globex',
      permissions: ['user.read'],
      identityType: 'service',
      expiresAt: '0',
    });
  });

  it('that is an access token is its user, with its end', async () => {
    const { accessToken } = await login();
    const { payload } = await verify(accessToken);
    const answer = { valid: true, subject: 'acme-alice', identityType: 'user', expiresAt: String(payload.exp) };
    expect(await validate(accessToken)).toMatchObject(answer);
  });

  it('that is unknown or expired is an answer, not an error', async () => {
    expect(await validate('sk-sandbox-nobody')).toMatchObject({ valid: false, subject: '' });
    expect(await validate(await sandbox.issueToken('bob@acme.test', { exp: 1 }))).toMatchObject({ valid: false });
  });
});

it.each([
  ['acme-alice', 'acme', ['user.write', 'tenant.read'], true],
  ['acme-bob', 'acme', ['user.read', 'user.write'], false],
  ['acme-alice', 'globex', ['user.read'], false],
  ['platform-root', 'platform', ['tenant:admin:all'], true],
  ['acme-alice', 'acme', [], false],
])('%s in %s may do %j: %s', async (subject, tenantId, permissions, allowed) => {
  const answer = await client.unary<v1.CheckPermissionResponse>('CheckPermission', { subject, tenantId, permissions });
  expect(answer.allowed).toBe(allowed);
});

describe('keys', () => {
  beforeEach(() => sandbox.forgetOldKeys());

  it('that are rotated sign from then on, and the old ones stay until they are withdrawn', async () => {
    const old = await sandbox.issueToken('alice@acme.test');
    const kid = await sandbox.rotateKeys();
    expect(decodeProtectedHeader(await sandbox.issueToken('alice@acme.test')).kid).toBe(kid);
    await expect(verify(old)).resolves.toBeDefined();
    sandbox.forgetOldKeys();
    await expect(verify(old)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  it('are published without their private part', async () => {
    const { keys } = (await (await fetch(sandbox.jwksUrl)).json()) as { keys: object[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
  });

  it('are fetched on the record', async () => {
    sandbox.calls.clear();
    await fetch(sandbox.jwksUrl);
    expect(sandbox.calls.list()).toMatchObject([{ upstream: 'jwks', method: 'GET /jwks.json', outcome: 'OK' }]);
  });
});

it('issues a token with the claims and the header that a test asks for', async () => {
  const token = await sandbox.issueToken('bob@acme.test', { exp: 1, tenant_id: undefined }, { typ: 'JWT' });
  expect(decodeProtectedHeader(token).typ).toBe('JWT');
  await expect(jwtVerify(token, createRemoteJWKSet(new URL(sandbox.jwksUrl)))).rejects.toMatchObject({
    code: 'ERR_JWT_EXPIRED',
  });
});
