import { PASSWORD } from '../../sandbox/data/seed.js';
import type { DocumentedApi, DocumentedCall } from '../support/documented-api.js';
import type { TestGateway } from '../support/gateway.js';

const STREAM_TYPES = ['text/event-stream', 'application/x-ndjson', 'application/json'];

/** Values of a response that later requests use. */
interface Sent {
  readonly id?: string;
  readonly refreshToken?: string;
  readonly sessionId?: string;
  readonly plan?: { readonly planId: string };
}

type Send = (verb: string, path: string, call: DocumentedCall) => Promise<Sent>;

/** Drives every operation of the sandbox with what it is made for, and with what its users get wrong. */
export async function driveWholeApi(api: DocumentedApi, { sandbox }: TestGateway): Promise<void> {
  const send: Send = async (verb, path, call) => {
    const body = await api.call(verb, path, call);
    return body.startsWith('{') ? (JSON.parse(body) as Sent) : {};
  };
  const alice = await sandbox.issueToken('alice@acme.test');
  const bob = await sandbox.issueToken('bob@acme.test');
  const root = await sandbox.issueToken('root@platform.test');
  await driveAuth(send, await sandbox.issueToken('bob@acme.test'));
  await driveUsers(send, alice, bob);
  await driveTenants(send, alice, root);
  await driveMembers(send, alice, bob);
  await driveAi(api, send, alice);
  await driveGateway(send, alice);
}

async function driveAuth(send: Send, bob: string): Promise<void> {
  const login = { identifier: 'bob@acme.test', password: PASSWORD };
  const { refreshToken } = await send('POST', '/api/v1/auth/login', { body: login, expect: 200 });
  const next = await send('POST', '/api/v1/auth/refresh', { body: { refreshToken }, expect: 200 });
  const newcomer = { email: 'new@acme.test', username: 'newcomer', password: 'long enough', tenantId: 'acme' };
  await send('POST', '/api/v1/auth/register', { body: newcomer, expect: 201 });
  await send('GET', '/api/v1/auth/tenants/acme/login-config', { expect: 200 });

  await send('POST', '/api/v1/auth/login', { body: { ...login, password: 'wrong' }, expect: 401 });
  await send('POST', '/api/v1/auth/login', { body: '{', expect: 400 });
  const suspended = { identifier: 'ada.bianchi@acme.test', password: PASSWORD };
  await send('POST', '/api/v1/auth/login', { body: suspended, expect: 403 });
  await send('POST', '/api/v1/auth/refresh', { body: { refreshToken: 'nobody' }, expect: 401 });
  await send('POST', '/api/v1/auth/register', { body: newcomer, expect: 409 });
  await send('POST', '/api/v1/auth/register', { body: { tenantId: 'acme' }, expect: 400 });
  await send('GET', '/api/v1/auth/tenants/nowhere/login-config', { expect: 404 });
  await send('POST', '/api/v1/auth/logout', { body: {}, expect: 401 });
  await send('POST', '/api/v1/auth/logout', { token: bob, body: { refreshToken: next.refreshToken }, expect: 200 });
}

async function driveUsers(send: Send, alice: string, bob: string): Promise<void> {
  const users = '/api/v1/users';
  await send('GET', `${users}?pageSize=2`, { token: alice, expect: 200 });
  await send('GET', `${users}/search?query=ada&statuses=USER_STATUS_ACTIVE`, { token: alice, expect: 200 });
  const dora = { email: 'dora@acme.test', username: 'dora', labels: { team: 'design' }, password: 'long enough' };
  const { id } = await send('POST', users, { token: alice, body: dora, expect: 201 });
  const one = `${users}/${id}`;
  await send('GET', one, { token: alice, expect: 200 });
  await send('PATCH', one, { token: alice, body: { displayName: 'Dora' }, expect: 200 });
  await send('PUT', `${one}?updateMask=displayName`, { token: alice, body: { displayName: 'D.' }, expect: 200 });

  await send('GET', users, { expect: 401 });
  await send('GET', `${users}?pageSize=many`, { token: alice, expect: 400 });
  await send('GET', `${users}?pageToken=none`, { token: alice, expect: 400 });
  await send('GET', `${users}/search`, { token: alice, expect: 400 });
  await send('GET', `${users}/nobody`, { token: alice, expect: 404 });
  await send('POST', users, { token: bob, body: dora, expect: 403 });
  await send('POST', users, { token: alice, body: dora, expect: 409 });
  await send('POST', users, { token: alice, body: { email: 1, colour: 'red' }, expect: 400 });
  await send('POST', users, { token: alice, body: '{}', headers: { 'content-type': 'text/plain' }, expect: 415 });
  await send('POST', users, { token: alice, body: { username: 'x'.repeat(2 ** 20) }, expect: 413 });
  await send('PATCH', one, { token: alice, body: { version: '1', displayName: 'X' }, expect: 409 });
  await send('PATCH', one, { token: alice, body: { passwordHash: 'x' }, expect: 400 });
  await send('PUT', `${users}/nobody`, { token: alice, body: { displayName: 'X' }, expect: 404 });
  await send('DELETE', one, { token: bob, expect: 403 });
  await send('DELETE', one, { token: alice, expect: 204 });
}

async function driveTenants(send: Send, alice: string, root: string): Promise<void> {
  const tenants = '/api/v1/tenants';
  const probe = `${tenants}/probe`;
  await send('GET', tenants, { token: alice, expect: 200 });
  await send('POST', tenants, { token: root, body: { id: 'probe', name: 'Probe' }, expect: 201 });
  await send('GET', probe, { token: root, expect: 200 });
  await send('PATCH', probe, { token: root, body: { name: 'Changed' }, expect: 200 });
  await send('PUT', probe, { token: root, body: { name: 'Replaced', domain: 'probe.test' }, expect: 200 });
  await send('GET', `${probe}/config`, { token: root, expect: 200 });
  const config = { sessionIdleTimeout: '90.5s', settings: { theme: 'dark' } };
  await send('PATCH', `${probe}/config`, { token: root, body: config, expect: 200 });
  const replaced = { allowedLoginIdentifiers: ['email'], requireMfa: true };
  await send('PUT', `${probe}/config`, { token: root, body: replaced, expect: 200 });

  await send('GET', `${tenants}?pageSize=-1`, { token: root, expect: 400 });
  await send('POST', tenants, { token: root, body: { id: 'probe', name: 'Probe' }, expect: 409 });
  await send('POST', tenants, { token: alice, body: { id: 'other', name: 'Other' }, expect: 403 });
  await send('GET', `${tenants}/globex`, { token: alice, expect: 403 });
  await send('PATCH', `${tenants}/nowhere`, { token: root, body: { name: 'X' }, expect: 404 });
  await send('PUT', probe, { token: root, body: { name: '' }, expect: 400 });
  await send('GET', `${tenants}/nowhere/config`, { token: root, expect: 404 });
  await send('PATCH', `${probe}/config`, { token: root, body: { sessionIdleTimeout: 'soon' }, expect: 400 });
  await send('PUT', `${probe}/config`, { token: root, body: { allowedLoginIdentifiers: ['phone'] }, expect: 400 });
  await send('DELETE', `${tenants}/platform`, { token: root, expect: 400 });
  await send('DELETE', probe, { token: root, expect: 204 });
}

async function driveMembers(send: Send, alice: string, bob: string): Promise<void> {
  const members = '/api/v1/tenants/acme/users';
  const member = { userId: 'acme-ada.adler', roles: ['viewer'] };
  await send('GET', `${members}?pageSize=3`, { token: bob, expect: 200 });
  await send('DELETE', `${members}/${member.userId}`, { token: alice, expect: 204 });
  await send('POST', members, { token: alice, body: member, expect: 201 });

  await send('GET', '/api/v1/tenants/globex/users', { token: bob, expect: 403 });
  await send('POST', members, { token: alice, body: member, expect: 409 });
  await send('POST', members, { token: bob, body: member, expect: 403 });
  await send('DELETE', `${members}/${member.userId}`, { token: alice, expect: 204 });
  await send('DELETE', `${members}/${member.userId}`, { token: alice, expect: 404 });
}

async function driveAi(api: DocumentedApi, send: Send, alice: string): Promise<void> {
  for (const path of ['/api/v1/ai', '/api/ai']) {
    await send('POST', path, { token: alice, body: { query: 'How many users?' }, expect: 200 });
    const { sessionId, plan } = await send('POST', path, { token: alice, body: { query: 'delete bob' }, expect: 200 });
    const confirmation = { planId: plan?.planId, confirmed: true };
    await send('POST', path, { token: alice, body: { sessionId, confirmation }, expect: 200 });
    await send('POST', path, { token: alice, body: { sessionId, confirmation }, expect: 400 });
    await send('POST', path, { token: alice, body: { query: 'fail first with INTERNAL' }, expect: 502 });
    await send('POST', path, { token: alice, body: { query: 'fail first with UNAVAILABLE' }, expect: 503 });
    await send('POST', path, { token: alice, body: { query: 'fail first with RESOURCE_EXHAUSTED' }, expect: 429 });
    await send('POST', path, { token: alice, body: { query: 'fail first with UNIMPLEMENTED' }, expect: 501 });
  }
  for (const path of ['/api/v1/ai:stream', '/api/ai:stream']) {
    for (const accept of STREAM_TYPES) {
      await api.call('POST', path, { token: alice, body: { query: 'Hello' }, headers: { accept }, expect: 200 });
      await api.call('POST', path, { token: alice, body: { query: '' }, headers: { accept }, expect: 400 });
    }
    await api.call('POST', path, { token: alice, body: { query: 'fail after 2' }, expect: 200 });
    await send('POST', path, { token: alice, body: { query: 'x' }, headers: { accept: 'image/png' }, expect: 406 });
  }
}

async function driveGateway(send: Send, alice: string): Promise<void> {
  await send('GET', '/api/v1/me', { token: alice, expect: 200 });
  await send('GET', '/api/v1/me', { expect: 401 });
  for (const path of ['/livez', '/readyz', '/health', '/healthz']) await send('GET', path, { expect: 200 });
}
