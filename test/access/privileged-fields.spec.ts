import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BackendView } from '../support/backend-view.js';
import { Client } from '../support/client.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

let gateway: TestGateway;
let backends: BackendView;
let alice: Client;
let editor: Client;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_HEALTH_INTERVAL: '1h' } });
  alice = await Client.of(gateway, 'alice@acme.test');
  const permissions = ['user.read', 'user.write', 'tenant.read'];
  editor = new Client(gateway.url, await gateway.sandbox.issueToken('bob@acme.test', { permissions }));
  await alice.get('/api/v1/me');
  backends = new BackendView(gateway.sandbox);
});
afterAll(() => gateway.close());
beforeEach(() => backends.clear());

const newUser = (name: string, more: object = {}) => ({ username: name, email: `${name}@acme.test`, ...more });
const BOB = '/api/v1/users/acme-bob';

describe('a caller who may write users and not their roles', () => {
  it.each([
    ['gives a new user roles', 'POST', '/api/v1/users', newUser('mallory', { roles: ['admin'] })],
    ['makes themselves an administrator', 'PATCH', BOB, { roles: ['super_admin'] }],
    ['clears roles by the mask', 'PATCH', `${BOB}?updateMask=roles`, { displayName: 'Bob' }],
    ['clears roles by a mask of everything', 'PATCH', `${BOB}?updateMask=*`, { displayName: 'Bob' }],
    ['replaces a user', 'PUT', BOB, { displayName: 'Bob', email: 'bob@acme.test', username: 'bob' }],
  ])('%s: refused', async (_what, method, path, body) => {
    await expectFetchProblem(await editor.send(method, path, body), 'PERMISSION_DENIED');
    expect(lastRequest(gateway)).toMatchObject({ decision_reason: 'ACCESS_LEVEL_MISSING', outcome: 'deny' });
    expect(backends.calls).toEqual([]);
    expect(gateway.sandbox.directory.users.get('acme-bob')?.roles).toEqual(['viewer']);
  });

  it('writes everything else', async () => {
    expect((await editor.send('POST', '/api/v1/users', newUser('trent'))).status).toBe(201);
    expect((await editor.send('PATCH', BOB, { displayName: 'Bobby' })).status).toBe(200);
    expect((await editor.send('PUT', `${BOB}?updateMask=displayName`, { displayName: 'Bob' })).status).toBe(200);
  });
});

describe('an administrator', () => {
  it('gives the roles that are theirs to give, and no others', async () => {
    expect((await alice.send('POST', '/api/v1/users', newUser('peggy', { roles: ['editor'] }))).status).toBe(201);
    const response = await alice.send('POST', '/api/v1/users', newUser('walter', { roles: ['super_admin'] }));
    await expectFetchProblem(response, 'PERMISSION_DENIED');
    expect([...gateway.sandbox.directory.users.values()].map(({ username }) => username)).not.toContain('walter');
    const member = { userId: 'globex-carol', roles: ['super_admin'] };
    await expectFetchProblem(await alice.send('POST', '/api/v1/tenants/acme/users', member), 'PERMISSION_DENIED');
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty'])('is told that no role %s exists', async (role) => {
    const response = await alice.send('POST', '/api/v1/users', newUser('victor', { roles: [role] }));
    await expectFetchProblem(response, 'INVALID_ARGUMENT');
  });
});
