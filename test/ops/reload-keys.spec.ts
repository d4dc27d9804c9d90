import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ReloadFixture } from '../support/reload-fixture.js';

const SECRET = 'a secret of the issuer that has 32 bytes';
const OTHER = 'another secret of the issuer of 32 bytes';

let fixture: ReloadFixture;
beforeAll(async () => {
  fixture = await ReloadFixture.start();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

const ME = '/api/v1/me';
const ask = (path: string, init: RequestInit = {}) => fetch(fixture.gateway.url + path, init);
const withToken = async (token: string) => (await ask(ME, { headers: { authorization: `Bearer ${token}` } })).status;

function tokenOf(secret: string, { issuer = 'tests', audience = 'api-gateway' } = {}): Promise<string> {
  return new SignJWT({ tenant_id: 'acme' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('acme-alice')
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(secret));
}

describe('keys', () => {
  const shared = (more: Readonly<Record<string, string>>) => ({
    JWT_JWKS_URL: '',
    JWT_ISSUER: '',
    JWT_SECRET: SECRET,
    ...more,
  });

  it('are exchanged, and a token that was verified before is refused when its key is gone', async () => {
    const [former, later] = await Promise.all([tokenOf(SECRET), tokenOf(OTHER)]);
    const both = async () => [await withToken(former), await withToken(later)];
    expect(await both()).toEqual([401, 401]);
    fixture.settings = shared({});
    await fixture.gateway.gateway.reload();
    expect(await both()).toEqual([200, 401]);
    expect((await fixture.alice.get(ME)).status).toBe(401);
    fixture.settings = shared({ JWT_SECRET: OTHER, JWT_SECRET_PREVIOUS: SECRET });
    await fixture.gateway.gateway.reload();
    expect(await both()).toEqual([200, 200]);
    fixture.settings = shared({ JWT_SECRET: OTHER });
    await fixture.gateway.gateway.reload();
    expect(await both()).toEqual([401, 200]);
    await fixture.reset();
    expect(await both()).toEqual([401, 401]);
    expect((await fixture.alice.get(ME)).status).toBe(200);
  });

  it('are those of one issuer and audience', async () => {
    const token = await tokenOf(SECRET, { issuer: 'others', audience: 'elsewhere' });
    fixture.settings = shared({ JWT_ISSUER: 'others' });
    await fixture.gateway.gateway.reload();
    expect(await withToken(token)).toBe(401);
    fixture.settings = shared({ JWT_ISSUER: 'others', JWT_AUDIENCE: 'elsewhere' });
    await fixture.gateway.gateway.reload();
    expect(await withToken(token)).toBe(200);
    fixture.settings = shared({ JWT_ISSUER: 'tests', JWT_AUDIENCE: 'elsewhere' });
    await fixture.gateway.gateway.reload();
    expect(await withToken(token)).toBe(401);
  });
});
