import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BackendView, type ReceivedCall } from '../support/backend-view.js';
import { CREDENTIAL_KINDS, CredentialBench, type CredentialKind, type Identity } from '../support/credential-kinds.js';
import { lastRequest } from '../support/gateway.js';

/** Metadata that every backend receives about a caller, whatever the credential says. */
const IDENTITY_KEYS = [
  'x-gateway-auth-method',
  'x-gateway-permissions',
  'x-gateway-subject',
  'x-gateway-tenant',
] as const;
const METHODS: Readonly<Record<CredentialKind, string>> = {
  jwt: 'jwt',
  'jwt of a further issuer': 'jwt',
  opaque: 'opaque',
  api_key: 'api_key',
  session: 'session',
};
const ALICE: Identity = { subject: 'acme-alice', tenantId: 'acme' };
const USERS = '/api/v1/users';
const MEMBERS = '/api/v1/tenants/acme/users';

let bench: CredentialBench;
let backends: BackendView;

beforeAll(async () => {
  bench = await CredentialBench.start({
    GATEWAY_JWT_ISSUER_TENANTS: 'https://apps.example=acme acme-eu',
    GATEWAY_DESCRIPTORS: fileURLToPath(new URL('../gen/descriptors.binpb', import.meta.url)),
    SHAPES_SERVICE_URL: '127.0.0.1:1',
  });
  backends = new BackendView(bench.gateway.sandbox);
});
afterAll(() => bench?.close());
beforeEach(() => {
  bench.checks.length = 0;
  bench.granted = [];
});

async function ask(kind: CredentialKind, identity: Identity, path = USERS, body?: object): Promise<number> {
  const headers = await bench.headersOf(kind, identity);
  backends.clear();
  const url = bench.gateway.publicUrl + path;
  if (body === undefined) return (await fetch(url, { headers })).status;
  const json = { ...headers, 'content-type': 'application/json' };
  return (await fetch(url, { method: 'POST', headers: json, body: JSON.stringify(body) })).status;
}

const lastLine = () => lastRequest(bench.gateway);
/** Calls that were made for the request itself. */
const called = (): ReceivedCall[] => backends.calls.filter(({ call }) => !call.method.endsWith('GetEntitlements'));
const told = (): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(called()[0]?.call.metadata ?? {}).filter(([key]) => key.startsWith('x-gateway-')));

describe.each(CREDENTIAL_KINDS)('permissions in a credential of the kind %s', (kind) => {
  it('that are listed decide, and reach the backend', async () => {
    expect(await ask(kind, { ...ALICE, permissions: ['user.read', 'ai.use'] })).toBe(200);
    expect(told()['x-gateway-permissions']).toEqual(['user.read ai.use']);
    expect(bench.checks).toEqual([]);
  });

  it('that are an empty list are none: AuthService is not asked to add any', async () => {
    bench.granted = ['user.read'];
    expect(await ask(kind, { ...ALICE, permissions: [] })).toBe(403);
    expect(lastLine()).toMatchObject({ decision_reason: 'ACCESS_LEVEL_MISSING' });
    expect([bench.checks, called()]).toEqual([[], []]);
  });

  it('that are absent are those which AuthService grants, and these reach the backend', async () => {
    bench.granted = ['user.read'];
    expect(await ask(kind, ALICE)).toBe(200);
    expect(told()['x-gateway-permissions']).toEqual(['user.read']);
  });

  it('that are absent and not granted are none', async () => {
    expect(await ask(kind, ALICE)).toBe(403);
    expect([bench.checks.length, called()]).toEqual([1, []]);
  });

  it('are asked for in the name of this credential', async () => {
    bench.granted = ['user.read'];
    await ask(kind, ALICE);
    await ask(kind, ALICE);
    const asking = bench.checks.map(({ credential }) => credential);
    expect(asking.map((credential) => credential?.authMethod)).toEqual([METHODS[kind], METHODS[kind]]);
    expect(asking.map((credential) => credential?.issuer)).toEqual([issuerOf(kind), issuerOf(kind)]);
    expect(new Set(asking.map((credential) => credential?.id)).size, 'two credentials, two ids').toBe(2);
    expect(JSON.stringify(asking.map((credential) => credential?.id))).not.toContain('sk-');
  });

  const silent: [string, Identity][] = [
    ['absent', ALICE],
    ['an empty list', { ...ALICE, permissions: [] }],
  ];
  it.each(silent)(
    'that are %s are told to the backend as none where no permission is asked for',
    async (_what, who) => {
      expect(await ask(kind, who, '/api/v1/me')).toBe(200);
      for (const { call } of called()) expect(call.metadata).toMatchObject({ 'x-gateway-permissions': [''] });
      expect(called().length).toBeGreaterThan(0);
    },
  );

  it('never leave a key of the identity out', async () => {
    bench.granted = ['user.read'];
    for (const permissions of [['user.read'], undefined]) {
      await ask(kind, { ...ALICE, permissions });
      expect(Object.keys(told()).sort()).toEqual(IDENTITY_KEYS);
      expect(told()).toMatchObject({
        'x-gateway-subject': ['acme-alice'],
        'x-gateway-tenant': ['acme'],
        'x-gateway-auth-method': [METHODS[kind]],
      });
    }
  });
});

describe.each(CREDENTIAL_KINDS)('roles in a credential of the kind %s', (kind) => {
  it.each([[undefined], [[]], [['viewer']]])('add nothing to permissions that are listed: %j', async (roles) => {
    expect(await ask(kind, { ...ALICE, roles, permissions: ['user.read'] })).toBe(200);
    expect(await ask(kind, { ...ALICE, roles, permissions: [] })).toBe(403);
    expect(bench.checks).toEqual([]);
  });

  it.each([[undefined], [[]]])('that are none (%j) leave absent permissions to AuthService', async (roles) => {
    bench.granted = ['user.read'];
    expect(await ask(kind, { ...ALICE, roles })).toBe(200);
    expect(bench.checks).toHaveLength(1);
  });

  it('that are listed speak for the credential: AuthService adds nothing', async () => {
    bench.granted = ['user.read'];
    expect(await ask(kind, { ...ALICE, roles: ['super_admin'] })).toBe(403);
    expect(bench.checks).toEqual([]);
  });
});

describe.each(CREDENTIAL_KINDS)('the tenant in a credential of the kind %s', (kind) => {
  it.each([[undefined], ['']])('that is missing (%j) lets nobody pass', async (tenantId) => {
    bench.granted = ['user.read'];
    expect(await ask(kind, { ...ALICE, tenantId, permissions: ['*'] })).toBe(403);
    expect(lastLine()).toMatchObject({ decision_reason: 'TENANT_MISSING' });
    expect([bench.checks, called()]).toEqual([[], []]);
  });
});

describe.each(CREDENTIAL_KINDS)('the subject in a credential of the kind %s', (kind) => {
  it.each([[undefined], ['']])('that is missing (%j) is nobody', async (subject) => {
    const status = await ask(kind, { ...ALICE, subject, permissions: ['*'] });
    // An AuthService that names no holder said nothing that can be read: nobody is signed out by that.
    expect(status).toBe(kind === 'opaque' || kind === 'api_key' ? 503 : 401);
    expect(called()).toEqual([]);
  });
});

describe.each(CREDENTIAL_KINDS)("a tenant's administrator with a credential of the kind %s", (kind) => {
  const superAdmin = { userId: 'globex-carol', roles: ['super_admin'] };
  const members = () => [...(bench.gateway.sandbox.directory.members.get('acme')?.keys() ?? [])];

  const rights: [string, Identity, readonly string[]][] = [
    ['with rights that AuthService grants', ALICE, ['tenant.admin', 'user.admin']],
    ['with rights that are listed', { ...ALICE, permissions: ['user.*', 'tenant.*', 'ai.use'] }, []],
  ];
  it.each(rights)('%s gives nobody the rights of the platform', async (_what, who, granted) => {
    bench.granted = granted;
    expect(await ask(kind, who, MEMBERS, superAdmin)).toBe(403);
    expect(called()).toHaveLength(1);
    expect(members()).not.toContain('globex-carol');
  });

  it('sets roles of members only with the permission that this takes', async () => {
    bench.granted = ['tenant.admin'];
    expect(await ask(kind, ALICE, MEMBERS, { userId: 'globex-carol', roles: ['viewer'] })).toBe(403);
    expect(called()).toEqual([]);
    const listed = { ...ALICE, permissions: ['tenant.*'] };
    expect(await ask(kind, listed, MEMBERS, { userId: 'globex-carol', roles: ['viewer'] })).toBe(403);
    expect([called(), members().includes('globex-carol')]).toEqual([[], false]);
  });
});

function issuerOf(kind: CredentialKind): string {
  if (kind === 'opaque' || kind === 'api_key') return '';
  return kind === 'jwt of a further issuer' ? 'https://apps.example' : bench.gateway.sandbox.issuer;
}

describe('a permission that reaches across tenants, granted by AuthService', () => {
  it.each<[CredentialKind, number]>([
    // Nothing listens where the service should be.
    ['jwt', 503],
    ['jwt of a further issuer', 403],
  ])('to a %s, whose issuer is bound to a tenant or not, gives %s', async (kind, status) => {
    bench.granted = ['shape:read:all'];
    expect(await ask(kind, ALICE, '/shapes/v1/shapes/1')).toBe(status);
    expect(bench.checks.map(({ permissions }) => permissions)).toEqual([['shape:read:all']]);
  });
});
