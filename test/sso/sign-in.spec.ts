import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, signIn, startSsoGateway, type SsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';

let gateway: SsoGateway;

beforeAll(async () => {
  gateway = await startSsoGateway();
});
afterAll(() => gateway?.close());

describe('a person who signs in at the identity provider', () => {
  it('comes back to where they wanted to go, with a session', async () => {
    const client = new WebClient();
    const back = await signIn(client, gateway, 'alice@acme.test', '?returnTo=%2Freports%3Fpage%3D2');
    expect([back.status, back.headers.get('location')]).toEqual([302, '/reports?page=2']);
    const session = await callApi(client, gateway, '/auth/session');
    expect(JSON.parse(session.body)).toMatchObject({ subject: 'acme-alice', tenantId: 'acme', provider: 'sandbox' });
    const users = await callApi(client, gateway, '/api/v1/users?pageSize=3');
    expect(users.status).toBe(200);
    expect((JSON.parse(users.body) as { users: object[] }).users).toHaveLength(3);
  });
});
