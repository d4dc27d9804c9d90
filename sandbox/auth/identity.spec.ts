import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('an identity of a provider', () => {
  const identity = { provider: 'sandbox', issuer: 'http://idp.test', emailVerified: true };
  const exchange = (request: object) =>
    client.unary<v1.ExchangeIdentityResponse>('ExchangeIdentity', { ...identity, ...request });

  it('is linked to the user with its verified e-mail address', async () => {
    const { userId, accessToken } = await exchange({ subject: 'alice-at-idp', email: 'alice@acme.test' });
    expect(userId).toBe('acme-alice');
    expect(decodeJwt(accessToken).sub).toBe('acme-alice');
  });

  it('gets a user of its own on first sight, and the same one afterwards', async () => {
    const newcomer = { subject: 'dana-at-idp', email: 'dana@globex.test', displayName: 'Dana' };
    const { userId } = await exchange(newcomer);
    expect(sandbox.directory.userOf('globex', userId)).toMatchObject({ email: 'dana@globex.test', roles: ['viewer'] });
    expect((await exchange({ ...newcomer, email: 'renamed@globex.test' })).userId).toBe(userId);
  });

  it.each(['acme-ada.adler', 'acme-dev.adler'])(
    'is not linked by an address that an editor gave to %s',
    async (userId) => {
      const users = BackendClient.of('user', sandbox.userUrl);
      const metadata = {
        'x-gateway-subject': 'acme-ben.adler',
        'x-gateway-permissions': 'user.read user.write tenant.read ai.use',
      };
      const user = { email: `mallory.${userId}@elsewhere.test` };
      const request = { tenantId: 'acme', userId, user, updateMask: { paths: ['email'] } };
      await users.unary('UpdateUser', request, { metadata });
      const mallory = { subject: `mallory-${userId}`, email: user.email };
      expect(await failureOf(exchange(mallory))).toMatchObject({ code: 'PERMISSION_DENIED' });
      const byAdmin = { 'x-gateway-subject': 'acme-alice', 'x-gateway-permissions': 'user.* tenant.* ai.use' };
      const confirmed = { ...user, email: `confirmed.${user.email}` };
      await users.unary('UpdateUser', { ...request, user: confirmed }, { metadata: byAdmin });
      users.close();
      expect((await exchange({ ...mallory, email: confirmed.email })).userId).toBe(userId);
    },
  );

  it.each([
    { subject: 'a', email: 'bob@acme.test', emailVerified: false },
    { subject: 'b', email: 'eve@elsewhere.test' },
  ])('like %j is refused', async (request) => {
    expect(await failureOf(exchange(request))).toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});
