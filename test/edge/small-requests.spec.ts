import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Contract } from '../../src/contract/contract.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const SMALL = 16_384;

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

describe('a body that anybody may send', () => {
  it('is small on every open route', () => {
    const { routes } = gateway.gateway.app.get(Contract);
    const open = routes.filter(({ route }) => route.method.policy.access === 'OPEN' && route.body !== undefined);
    expect(open.map(({ route }) => route.method.name)).toEqual(['Login', 'RefreshToken', 'Register']);
    for (const { route } of open) expect(route.method.policy.maxBodyBytes, route.template).toBeLessThanOrEqual(SMALL);
  });

  it.each(['login', 'refresh', 'register'])('is refused by %s before it is read to its end', async (path) => {
    const body = `{"x":[${'1'.repeat(SMALL)}]}`;
    const response = await alice.send('POST', `/api/v1/auth/${path}`, body);
    await expectFetchProblem(response, 'PAYLOAD_TOO_LARGE');
  });
});

describe('GET /api/v1/me', () => {
  it.each(['?x', '?user_id=1', '?userId=acme-bob&tenantId=globex', '?=1'])('takes no parameters: %s', async (query) => {
    const [own, rpc] = [await alice.get(`/api/v1/me${query}`), await alice.get(`/api/v1/users/acme-alice${query}`)];
    const problem = await expectFetchProblem(own, 'UNKNOWN_FIELD');
    expect(problem.errors).toContainEqual({
      field: expect.any(String) as string,
      detail: 'this route takes no query parameters',
    });
    expect([400, 403]).toContain(rpc.status);
  });

  it('reads a query without parameters like none, and refuses a broken one', async () => {
    expect((await alice.get('/api/v1/me?')).status).toBe(200);
    expect((await alice.get('/api/v1/me?&')).status).toBe(200);
    await expectFetchProblem(await alice.get('/api/v1/me?%ff=1'), 'INVALID_ARGUMENT');
  });
});
