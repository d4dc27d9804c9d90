import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as v1 from '../../src/gen/tenant/v1/tenant_pb.js';
import { BackendClient } from '../backend/client.js';
import { failureOf } from '../backend/rpc-failure.js';
import { startSandbox, type SandboxEnvironment } from '../environment.js';

let sandbox: SandboxEnvironment;
let client: BackendClient;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false });
  client = BackendClient.of('tenant', sandbox.tenantUrl);
});
afterAll(async () => {
  client.close();
  await sandbox.close();
});

const create = (id: string, fields: object = {}) =>
  client.unary<v1.Tenant>('CreateTenant', { id, name: id, domain: `${id}.test`, ...fields });
const entitlements = (tenantId: string) => client.unary<v1.GetEntitlementsResponse>('GetEntitlements', { tenantId });

describe('tenants', () => {
  it('are listed all, or the one that is named', async () => {
    const list = (tenantId: string) => client.unary<v1.ListTenantsResponse>('ListTenants', { tenantId });
    expect((await list('')).tenants.map(({ id }) => id)).toEqual(['acme', 'globex', 'platform']);
    expect((await list('globex')).tenants.map(({ id }) => id)).toEqual(['globex']);
    expect(await failureOf(list('nowhere'))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are created once, changed by mask and deleted with all that is in them', async () => {
    const created = await create('initech');
    expect(created).toMatchObject({ name: 'initech', plan: 'free', suspended: false });
    expect(await failureOf(create('initech'))).toMatchObject({ code: 'ALREADY_EXISTS' });
    const tenant = { name: 'Initech', plan: 'pro' };
    const update = { tenantId: 'initech', tenant, updateMask: { paths: ['name'] } };
    expect(await client.unary<v1.Tenant>('UpdateTenant', update)).toMatchObject({ name: 'Initech', plan: 'free' });
    await client.unary('DeleteTenant', { tenantId: 'initech' });
    expect(await failureOf(entitlements('initech'))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('do not take the domain of another, whose people would sign in to them', async () => {
    const update = { tenantId: 'acme', tenant: { domain: 'Globex.test' }, updateMask: { paths: ['domain'] } };
    expect(await failureOf(client.unary('UpdateTenant', update))).toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await failureOf(create('copycat', { domain: 'globex.test' }))).toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(sandbox.directory.tenants.get('acme')?.domain).toBe('acme.test');
  });

  it.each([
    ['No Spaces', {}, 'id'],
    ['x', {}, 'id'],
    ['fine', { name: '' }, 'name'],
  ])('with the id "%s" and %j are refused, naming %s', async (id, fields, field) => {
    expect(await failureOf(create(id, fields))).toMatchObject({ code: 'INVALID_ARGUMENT', fields: [field] });
  });

  it('include one that cannot be deleted', async () => {
    const failure = await failureOf(client.unary('DeleteTenant', { tenantId: 'platform' }));
    expect(failure.code).toBe('FAILED_PRECONDITION');
  });
});

describe('members', () => {
  const list = (request: object) => client.unary<v1.ListMembersResponse>('ListMembers', request);
  const member = { tenantId: 'globex', userId: 'acme-bob' };

  it('are the users of the tenant, a page at a time', async () => {
    const page = await list({ tenantId: 'globex', pageSize: 20 });
    const rest = await list({ tenantId: 'globex', pageSize: 20, pageToken: page.nextPageToken });
    const ids = [...page.members, ...rest.members].map(({ userId }) => userId);
    expect(ids.toSorted()).toEqual(
      sandbox.directory
        .usersOf('globex')
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(rest.nextPageToken).toBe('');
  });

  it('come and go, once each', async () => {
    const add = () => client.unary<v1.Member>('AddMember', { ...member, roles: ['admin'] });
    const remove = () => client.unary('RemoveMember', member);
    expect(await add()).toMatchObject({ ...member, roles: ['admin'] });
    expect(await failureOf(add())).toMatchObject({ code: 'ALREADY_EXISTS' });
    await remove();
    expect(await failureOf(remove())).toMatchObject({ code: 'NOT_FOUND' });
  });

  const admin = { ...member, roles: ['super_admin'] };
  const outside: [string, Record<string, string>][] = [
    ['without permissions', { 'x-gateway-subject': 'acme-alice' }],
    ['with an empty list', { 'x-gateway-subject': 'acme-alice', 'x-gateway-permissions': '' }],
    ['with less than the role', { 'x-gateway-subject': 'acme-alice', 'x-gateway-permissions': 'user.* tenant.*' }],
    ['whom nobody knows', { 'x-gateway-auth-method': 'none' }],
    ['whom nobody knows, with permissions', { 'x-gateway-auth-method': 'none', 'x-gateway-permissions': 'user.*' }],
  ];
  it.each(outside)('get no role from a caller %s that the caller does not hold', async (_who, metadata) => {
    const failure = await failureOf(client.unary('AddMember', admin, { metadata }));
    expect(failure.code).toBe('PERMISSION_DENIED');
    expect(sandbox.directory.members.get('globex')?.has('acme-bob')).toBe(false);
  });

  it('are users of the tenant itself; those of others are as unknown as nobody', async () => {
    const metadata = { 'x-gateway-subject': 'acme-alice', 'x-gateway-permissions': 'user.* tenant.* ai.use' };
    const add = (userId: string) => failureOf(client.unary('AddMember', { tenantId: 'acme', userId }, { metadata }));
    const [foreign, nobody] = [await add('globex-carol'), await add('globex-nobody')];
    expect(foreign.code).toBe('NOT_FOUND');
    expect(foreign.details.replace('carol', 'nobody')).toBe(nobody.details);
    expect(sandbox.directory.members.get('acme')?.has('globex-carol')).toBe(false);
  });

  it('are existing users', async () => {
    const failure = await failureOf(client.unary('AddMember', { tenantId: 'acme', userId: 'nobody' }));
    expect(failure.code).toBe('NOT_FOUND');
  });
});

describe('settings', () => {
  const update = (config: object, paths: string[]) =>
    client.unary<v1.TenantConfig>('UpdateTenantConfig', { tenantId: 'globex', config, updateMask: { paths } });

  it('are changed by mask and show in the next read', async () => {
    const config = { sessionIdleTimeout: { seconds: '600' }, settings: { theme: 'dark' }, requireMfa: true };
    await update(config, ['session_idle_timeout', 'settings']);
    const read = await client.unary<v1.TenantConfig>('GetTenantConfig', { tenantId: 'globex' });
    expect(read).toMatchObject({ settings: { theme: 'dark' }, requireMfa: false });
    expect(read.sessionIdleTimeout).toEqual({ seconds: '600', nanos: 0 });
  });

  it.each([
    [['fax'], ['allowed_login_identifiers'], 'config.allowed_login_identifiers'],
    [[], ['allowed_login_identifiers'], 'config.allowed_login_identifiers'],
    [['email'], ['tenant_id'], 'update_mask'],
  ])('with the sign-in names %j and the mask %j are refused', async (allowedLoginIdentifiers, mask, field) => {
    const failure = await failureOf(update({ allowedLoginIdentifiers }, mask));
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', fields: [field] });
  });
});

describe('entitlements', () => {
  it('set no rate unless a sandbox says so', async () => {
    expect(await entitlements('acme')).toEqual({ plan: 'pro', rateLimitRps: 0, rateLimitBurst: 0, suspended: false });
    sandbox.directory.planLimits.set('acme', { rateLimitRps: 5, rateLimitBurst: 10 });
    expect(await entitlements('acme')).toMatchObject({ rateLimitRps: 5, rateLimitBurst: 10 });
  });

  it('tell that a tenant is suspended', async () => {
    const suspend = { tenantId: 'globex', tenant: { suspended: true }, updateMask: { paths: ['suspended'] } };
    await client.unary('UpdateTenant', suspend);
    expect(await entitlements('globex')).toMatchObject({ suspended: true });
  });
});

describe('usage', () => {
  const report = (events: object[]) => client.unary<v1.ReportUsageResponse>('ReportUsage', { events });
  const event = { id: 'event-1', tenantId: 'acme', subject: 'acme-alice', meter: 'ai.query', quantity: '1' };

  it('counts an event once, however often it comes', async () => {
    expect(await report([event, { ...event, id: 'event-2' }])).toEqual({ accepted: 2 });
    expect(await report([{ ...event, quantity: '99' }])).toEqual({ accepted: 1 });
    expect([...sandbox.directory.usage.values()].map(({ quantity }) => quantity)).toEqual(['1', '1']);
  });

  it('of an unknown tenant is refused as a whole', async () => {
    const failure = await failureOf(
      report([
        { ...event, id: 'event-4' },
        { ...event, id: 'event-5', tenantId: 'gone' },
      ]),
    );
    expect(failure).toMatchObject({ code: 'NOT_FOUND' });
    expect(sandbox.directory.usage.has('event-4')).toBe(false);
  });

  it('without an id is refused as a whole', async () => {
    const failure = await failureOf(
      report([
        { ...event, id: 'event-3' },
        { ...event, id: '' },
      ]),
    );
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', fields: ['events[1].id'] });
    expect(sandbox.directory.usage.has('event-3')).toBe(false);
  });
});
