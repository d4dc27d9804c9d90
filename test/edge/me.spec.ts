import { afterAll, beforeAll, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

async function me() {
  const response = await alice.get('/api/v1/me');
  return {
    status: response.status,
    complete: response.headers.get('x-gateway-complete'),
    ...((await response.json()) as object),
  };
}

const PRINCIPAL = { principal: { subject: 'acme-alice', tenantId: 'acme' } };
const USER = { user: { id: 'acme-alice' } };
const TENANT = { tenant: { id: 'acme' } };

it('GET /api/v1/me gives the caller, their user and their tenant', async () => {
  expect(await me()).toMatchObject({ status: 200, complete: 'true', ...PRINCIPAL, ...USER, ...TENANT, errors: [] });
});

it.each([
  ['user', { user: null, ...TENANT }],
  ['tenant', { tenant: null, ...USER }],
] as const)('GET /api/v1/me says what is missing while the service of the part "%s" is away', async (part, rest) => {
  await gateway.sandbox.setFault(part, { mode: 'down' });
  const errors = [{ part, code: 'UPSTREAM_UNAVAILABLE' }];
  expect(await me()).toMatchObject({ status: 200, complete: 'false', ...PRINCIPAL, ...rest, errors });
  await gateway.sandbox.setFault(part, { mode: 'none' });
  await expect.poll(me).toMatchObject({ complete: 'true' });
});
