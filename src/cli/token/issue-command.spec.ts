import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { gatewayCommand as gateway } from '../../../test/support/gateway-command.js';

const ENV = {
  AUTH_SERVICE_URL: 'none',
  USER_SERVICE_URL: 'none',
  TENANT_SERVICE_URL: 'none',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
};

describe('gateway token issue', () => {
  it.each([[{}], [{ JWT_ISSUER: 'https://login.example.com', JWT_AUDIENCE: 'orders' }]])(
    'signs a token that a gateway with %j accepts',
    async (more) => {
      const { exitCode, out } = await gateway(['token', 'issue', '--permissions', 'orders.read'], { ...ENV, ...more });
      expect(exitCode).toBe(0);
      const explained = await gateway(['token', 'explain'], { ...ENV, ...more }, out);
      expect(explained).toMatchObject({
        exitCode: 0,
        out: expect.stringContaining('the gateway accepts it') as string,
      });
    },
  );

  it('says of its holder what the options say', async () => {
    const options = ['--subject', 'ada', '--tenant', 'globex', '--permissions', 'a.read,b.write', '--roles', 'admin'];
    const { out } = await gateway(['token', 'issue', ...options, '--expires', '5m'], ENV);
    const { iat = 0, exp = 0, ...claims } = decodeJwt(out);
    expect(claims).toMatchObject({
      sub: 'ada',
      tenant_id: 'globex',
      permissions: ['a.read', 'b.write'],
      roles: ['admin'],
    });
    expect(exp - iat).toBe(300);
  });

  it('says it where the settings look for it', async () => {
    const env = {
      ...ENV,
      GATEWAY_JWT_CLAIM_SUBJECT: 'oid',
      GATEWAY_JWT_CLAIM_TENANT: 'https://acme.example/org org_id',
      GATEWAY_JWT_CLAIM_ROLES: 'realm_access.roles',
      GATEWAY_JWT_CLAIM_PERMISSIONS: 'scope',
    };
    const options = ['--subject', 'ada', '--tenant', 'globex', '--permissions', 'a.read,b.write', '--roles', 'admin'];
    const { out } = await gateway(['token', 'issue', ...options], env);
    expect(decodeJwt(out)).toMatchObject({
      oid: 'ada',
      'https://acme.example/org': 'globex',
      realm_access: { roles: ['admin'] },
      scope: 'a.read b.write',
    });
    const explained = await gateway(['token', 'explain'], env, out);
    expect(explained.out).toMatch(/globex/);
    expect(explained.exitCode).toBe(0);
  });

  it.each([
    [{}, /^JWT_SECRET: is not set; with JWT_JWKS_URL only the issuer can sign tokens/],
    [{ JWT_SECRET: 'short' }, /^JWT_SECRET: /],
  ])('without a secret that could be used, %j, says so', async (secret, message) => {
    const { exitCode, out, err } = await gateway(['token', 'issue'], secret);
    expect([exitCode, out]).toEqual([78, '']);
    expect(err).toMatch(message);
    expect(err).not.toContain('short');
  });
});
