import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListUsersResponse, SearchUsersResponse, User } from '../../src/gen/user/v1/user_pb.js';
import { BackendClient } from '../backend/client.js';
import { failureOf } from '../backend/rpc-failure.js';
import type { Wire } from '../backend/wire.js';
import { makeUser } from '../data/new-user.js';
import { startSandbox, type SandboxEnvironment } from '../environment.js';

let sandbox: SandboxEnvironment;
let client: BackendClient;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false });
  client = BackendClient.of('user', sandbox.userUrl);
});
afterAll(async () => {
  client.close();
  await sandbox.close();
});

const list = (request: object) => client.unary<ListUsersResponse>('ListUsers', request);
const get = (tenantId: string, userId: string) => client.unary<User>('GetUser', { tenantId, userId });
const create = (fields: object) => client.unary<User>('CreateUser', { tenantId: 'acme', ...fields });
const update = (userId: string, user: object, paths: string[] = []) =>
  client.unary<User>('UpdateUser', { tenantId: 'acme', userId, user, updateMask: { paths } });

function addUsersToGlobex(count: number): void {
  for (let index = 0; index < count; index++) {
    const username = randomUUID();
    const names = { username, email: `${username}@globex.test`, displayName: username };
    sandbox.directory.addUser(makeUser({ tenantId: 'globex', ...names }));
  }
}

describe('pages', () => {
  it('give every user of the tenant once, in order, and end with an empty token', async () => {
    const seen: Wire<User>[] = [];
    let pageToken = '';
    do {
      const page = await list({ tenantId: 'acme', pageSize: 25, pageToken });
      seen.push(...page.users);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    expect(seen).toHaveLength(sandbox.directory.usersOf('acme').length);
    expect(new Set(seen.map(({ tenantId }) => tenantId))).toEqual(new Set(['acme']));
  });

  it.each([
    [0, 20],
    [7, 7],
    [1_000, 100],
  ])('of size %i hold at most %i users', async (pageSize, limit) => {
    addUsersToGlobex(100);
    const { users } = await list({ tenantId: 'globex', pageSize });
    expect(users).toHaveLength(limit);
  });

  it.each([
    [{ pageToken: 'bm90IG91cnM' }, 'page_token'],
    [{ pageSize: -1 }, 'page_size'],
    [{ tenantId: '' }, 'tenant_id'],
  ])('refuse %j, naming the field', async (request, field) => {
    const failure = await failureOf(list({ tenantId: 'acme', ...request }));
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', fields: [field] });
  });
});

it('finds users by a part of any of their names, in any case', async () => {
  const search = (request: object) =>
    client.unary<SearchUsersResponse>('SearchUsers', { tenantId: 'acme', ...request });
  expect((await search({ query: 'ALICE@' })).users.map(({ id }) => id)).toEqual(['acme-alice']);
  const suspended = await search({ query: 'acme.test', statuses: ['USER_STATUS_SUSPENDED'] });
  expect(suspended.users.length).toBeGreaterThan(0);
  expect(new Set(suspended.users.map((user) => user.status))).toEqual(new Set(['USER_STATUS_SUSPENDED']));
  expect(await failureOf(search({ query: '' }))).toMatchObject({ code: 'INVALID_ARGUMENT', fields: ['query'] });
});

it('sends the password hash, which a gateway must keep inside', async () => {
  expect((await get('acme', 'acme-alice')).passwordHash).toMatch(/^\$argon2id\$/);
});

it("does not know another tenant's user", async () => {
  expect(await failureOf(get('globex', 'acme-alice'))).toMatchObject({ code: 'NOT_FOUND' });
});

it('creates a user, once', async () => {
  const fields = { email: 'zoe@acme.test', username: 'zoe', labels: { team: 'sales' } };
  const created = await create(fields);
  expect(await get('acme', created.id)).toEqual(created);
  expect(created).toMatchObject({ ...fields, version: '1', roles: ['viewer'], status: 'USER_STATUS_ACTIVE' });
  expect(await failureOf(create({ ...fields, username: 'zoe2' }))).toMatchObject({ code: 'ALREADY_EXISTS' });
});

it('names every field that keeps a user from being created', async () => {
  const failure = await failureOf(create({ email: 'nobody', username: 'N', password: 'short' }));
  expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', fields: ['email', 'username', 'password'] });
});

it.each(['__proto__', 'constructor', 'toString', 'nobody', ''])('does not know the role %j', async (role) => {
  const failure = await failureOf(create({ email: 'eve@acme.test', username: 'eve', roles: ['viewer', role] }));
  expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', fields: ['roles[1]'] });
});

describe('an update', () => {
  let before: Wire<User>;

  beforeEach(async () => {
    const username = randomUUID();
    before = await create({ email: `${username}@acme.test`, username, labels: { team: 'sales' } });
  });

  it('changes the fields of the mask alone, and the version with them', async () => {
    const changed = await update(before.id, { displayName: 'New', labels: { team: 'none' } }, ['display_name']);
    expect(changed).toMatchObject({ displayName: 'New', labels: { team: 'sales' }, version: '2' });
    expect(await get('acme', before.id)).toEqual(changed);
  });

  it('without a mask replaces every field that may be written', async () => {
    const { email, username } = before;
    const changed = await update(before.id, { email, username, status: 'USER_STATUS_SUSPENDED' });
    expect(changed).toMatchObject({ displayName: '', labels: {}, roles: [], status: 'USER_STATUS_SUSPENDED' });
    expect(changed.createTime).toEqual(before.createTime);
  });

  it.each(['password_hash', 'displayName', 'nonsense'])('refuses the path %s', async (path) => {
    const failure = await failureOf(update(before.id, {}, [path]));
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', fields: ['update_mask'] });
    expect(failure.details).toContain(path);
  });

  it('is refused when it was made for an older version', async () => {
    const failure = await failureOf(
      update(before.id, { displayName: 'Late', version: '7' }, ['display_name', 'version']),
    );
    expect(failure.code).toBe('ABORTED');
  });

  it('is refused when it takes what another user has', async () => {
    const failure = await failureOf(update(before.id, { email: 'alice@acme.test' }, ['email']));
    expect(failure.code).toBe('ALREADY_EXISTS');
  });
});

describe('an editor', () => {
  const metadata = {
    'x-gateway-subject': 'acme-ada.adler',
    'x-gateway-permissions': 'user.read user.write tenant.read ai.use',
  };
  const as = (method: string, request: object) =>
    client.unary<User>(method, { tenantId: 'acme', ...request }, { metadata });
  const change = (userId: string, user: object) =>
    as('UpdateUser', { userId, user, updateMask: { paths: Object.keys(user) } });

  it.each([
    ['the e-mail address', { email: 'mallory@acme.test' }],
    ['the user name', { username: 'mallory' }],
    ['the status', { status: 'USER_STATUS_SUSPENDED' }],
  ])('does not change %s of an administrator', async (_, fields) => {
    expect(await failureOf(change('acme-alice', fields))).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(sandbox.directory.userOf('acme', 'acme-alice')).toMatchObject({
      email: 'alice@acme.test',
      status: 'USER_STATUS_ACTIVE',
    });
  });

  it('does not take the roles of somebody who may do more, whatever else they may administer', async () => {
    const administrator = { ...metadata, 'x-gateway-permissions': 'user.*' };
    const request = { tenantId: 'acme', userId: 'acme-alice', user: { roles: ['viewer'] } };
    const demotion = { ...request, updateMask: { paths: ['roles'] } };
    expect(await failureOf(client.unary('UpdateUser', demotion, { metadata: administrator }))).toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect(sandbox.directory.userOf('acme', 'acme-alice').roles).toEqual(['admin']);
  });

  it('does not delete an administrator', async () => {
    expect(await failureOf(as('DeleteUser', { userId: 'acme-alice' }))).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(sandbox.directory.users.has('acme-alice')).toBe(true);
  });

  it('changes what is not about signing in, and accounts that may do no more', async () => {
    expect(
      await as('UpdateUser', {
        userId: 'acme-alice',
        user: { displayName: 'Al' },
        updateMask: { paths: ['display_name'] },
      }),
    ).toMatchObject({ displayName: 'Al' });
    expect(await change('acme-bob', { username: 'bobby' })).toMatchObject({ username: 'bobby' });
    expect(await change('acme-ada.adler', { username: 'ada' })).toMatchObject({ username: 'ada' });
  });
});

it('deletes a user, once', async () => {
  const { id } = await create({ email: 'gone@acme.test', username: 'gone' });
  const remove = () => client.unary('DeleteUser', { tenantId: 'acme', userId: id });
  await remove();
  expect(await failureOf(remove())).toMatchObject({ code: 'NOT_FOUND', details: `user "${id}" not found` });
});
