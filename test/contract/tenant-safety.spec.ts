import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Access } from '../../src/gen/gateway/v1/policy_pb.js';
import { BackendView } from '../support/backend-view.js';
import { Client } from '../support/client.js';
import { type DescriptorFile, descriptorFile } from '../support/descriptor-file.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { type GrpcBackend, grpcBackend } from '../support/grpc-backend.js';
import { expectFetchProblem } from '../support/problem.js';
import { shapesWith } from '../support/shapes.js';

/** Some text of every foreign record, none of which may be in any answer. */
const FOREIGN = /globex|carol|Cruz/i;

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  alice = await Client.of(gateway, 'alice@acme.test');
  await alice.get('/api/v1/me');
});
afterAll(() => gateway.close());
afterEach(() => void vi.restoreAllMocks());

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the sandbox has no such record');
  return value;
}

describe('another tenant’s record in the answer of a backend', () => {
  /** Each breaks one backend as a missing WHERE clause would, and asks for something. */
  const cases: [string, () => void, () => Promise<Response>][] = [
    [
      'one record',
      () => {
        const carol = known(gateway.sandbox.directory.users.get('globex-carol'));
        vi.spyOn(gateway.sandbox.directory, 'userOf').mockReturnValue(carol);
      },
      () => alice.get('/api/v1/users/acme-alice'),
    ],
    [
      'one of many in a list',
      () => {
        const all = [...gateway.sandbox.directory.users.values()].filter(({ id }) => /^(acme-a|globex-c)/.test(id));
        vi.spyOn(gateway.sandbox.directory, 'usersOf').mockReturnValue(all);
      },
      () => alice.get('/api/v1/users?page_size=100'),
    ],
    [
      'the last of a search',
      () => {
        const all = [...gateway.sandbox.directory.users.values()].filter(({ id }) => /-(alice|carol)$/.test(id));
        vi.spyOn(gateway.sandbox.directory, 'usersOf').mockReturnValue(all);
      },
      () => alice.get('/api/v1/users/search?query=test'),
    ],
    [
      'what a change returns',
      () => {
        const carol = known(gateway.sandbox.directory.users.get('globex-carol'));
        vi.spyOn(gateway.sandbox.directory, 'addUser').mockReturnValue(carol);
      },
      () => alice.send('POST', '/api/v1/users', { username: 'new.user', email: 'new.user@acme.test' }),
    ],
    ['a tenant', breakTenant, () => alice.get('/api/v1/tenants/acme')],
    ['a tenant in a list', breakTenant, () => alice.get('/api/v1/tenants')],
    [
      'members',
      () => {
        const members = known(gateway.sandbox.directory.members.get('globex'));
        vi.spyOn(gateway.sandbox.directory.members, 'get').mockReturnValue(members);
      },
      () => alice.get('/api/v1/tenants/acme/users'),
    ],
    [
      'settings',
      () => {
        const config = known(gateway.sandbox.directory.configs.get('globex'));
        vi.spyOn(gateway.sandbox.directory.configs, 'get').mockReturnValue(config);
      },
      () => alice.get('/api/v1/tenants/acme/config'),
    ],
    [
      'a record that names no tenant',
      () => {
        const carol = known(gateway.sandbox.directory.users.get('globex-carol'));
        vi.spyOn(gateway.sandbox.directory, 'userOf').mockReturnValue({ ...carol, tenantId: '' });
      },
      () => alice.get('/api/v1/users/acme-alice'),
    ],
  ];

  function breakTenant(): void {
    const tenant = known(gateway.sandbox.directory.tenants.get('globex'));
    vi.spyOn(gateway.sandbox.directory.tenants, 'get').mockReturnValue(tenant);
  }

  it.each(cases)('%s is blocked', async (_what, breakBackend, send) => {
    breakBackend();
    const body = await expectFetchProblem(await send(), 'TENANT_LEAK_BLOCKED');
    expect(JSON.stringify(body)).not.toMatch(FOREIGN);
    expect(lastRequest(gateway)).toMatchObject({ error_code: 'TENANT_LEAK_BLOCKED', status: 502, tenant_id: 'acme' });
  });

  it('is left out of an answer that is composed', async () => {
    const carol = known(gateway.sandbox.directory.users.get('globex-carol'));
    vi.spyOn(gateway.sandbox.directory, 'userOf').mockReturnValue(carol);
    const response = await alice.get('/api/v1/me');
    const text = await response.text();
    expect(text).not.toMatch(FOREIGN);
    expect(JSON.parse(text)).toMatchObject({ user: null, errors: [{ part: 'user', code: 'TENANT_LEAK_BLOCKED' }] });
  });

  it('reaches those who may see several tenants', async () => {
    const root = await Client.of(gateway, 'root@platform.test');
    const response = await root.get('/api/v1/users/globex-carol?tenantId=globex');
    expect(await response.json()).toMatchObject({ id: 'globex-carol', tenantId: 'globex' });
  });
});

describe('another tenant’s record in a stream', () => {
  const service = shapesWith({
    WatchShape: {
      policy: { access: Access.AUTHENTICATED, responseTenantFields: ['tenant_id'], redact: ['client_secret'] },
    },
  });
  const { output } = known(service.method['watchShape']);
  const shape = (init: Record<string, unknown>) => Buffer.from(toBinary(output, create(output, init)));

  let descriptors: DescriptorFile;
  let backend: GrpcBackend;
  let withShapes: TestGateway;

  beforeAll(async () => {
    descriptors = descriptorFile(service);
    const own = { id: 'one', tenantId: 'acme', clientSecret: 'hush-hush' };
    backend = await grpcBackend({
      stream: {
        '/shapes.v1.ShapeService/WatchShape': (call) => {
          const isForeignFirst = call.request.includes('foreign');
          if (!isForeignFirst) call.write(shape(own));
          call.write(shape({ id: 'two', tenantId: 'globex', name: 'Carol Cruz' }));
          call.write(shape(own));
          call.end();
        },
      },
    });
    const env = { GATEWAY_DESCRIPTORS: descriptors.path, SHAPES_SERVICE_URL: backend.target.replace('dns:///', '') };
    withShapes = await startTestGateway({ env });
  });
  afterAll(async () => {
    await withShapes.close();
    backend.close();
    descriptors.remove();
  });

  it('ends it with a problem, and nothing of it or after it is sent', async () => {
    const client = await Client.of(withShapes, 'alice@acme.test');
    const text = await (await client.get('/shapes/v1/shapes/any:watch', { accept: 'text/event-stream' })).text();
    expect(text).toContain('"id":"one"');
    expect(text).not.toMatch(FOREIGN);
    expect(text).not.toMatch(/hush|clientSecret/);
    expect(text.match(/"id":"one"/g)).toHaveLength(1);
    expect(text).toContain('TENANT_LEAK_BLOCKED');
  });

  it('is a status of its own when it comes first', async () => {
    const client = await Client.of(withShapes, 'alice@acme.test');
    const body = await expectFetchProblem(
      await client.get('/shapes/v1/shapes/foreign:watch', { accept: 'text/event-stream' }),
      'TENANT_LEAK_BLOCKED',
    );
    expect(JSON.stringify(body)).not.toMatch(FOREIGN);
  });
});

describe('a field that a client may not set', () => {
  let backends: BackendView;

  beforeAll(() => void (backends = new BackendView(gateway.sandbox)));
  beforeEach(() => backends.clear());

  it.each([
    ['PATCH', '/api/v1/users/acme-bob', { id: 'acme-alice' }, 'user.id'],
    ['PATCH', '/api/v1/users/acme-bob', { tenantId: 'globex' }, 'user.tenantId'],
    ['PATCH', '/api/v1/users/acme-bob', { tenant_id: 'acme' }, 'user.tenant_id'],
    ['PUT', '/api/v1/users/acme-bob', { passwordHash: 'x' }, 'user.passwordHash'],
    ['PATCH', '/api/v1/users/acme-bob', { password_hash: null }, 'user.password_hash'],
    ['PATCH', '/api/v1/users/acme-bob', '{"password\\u0048ash":"x"}', 'user.passwordHash'],
    ['PATCH', '/api/v1/users/acme-bob?updateMask=passwordHash', { displayName: 'x' }, 'updateMask'],
    ['PATCH', '/api/v1/users/acme-bob?update_mask=display_name,tenant_id', { displayName: 'x' }, 'updateMask'],
    ['PATCH', '/api/v1/users/acme-bob?user.passwordHash=x', { displayName: 'x' }, 'user.passwordHash'],
    ['PATCH', '/api/v1/tenants/acme', { plan: 'enterprise' }, 'tenant.plan'],
    ['PUT', '/api/v1/tenants/acme', { suspended: false }, 'tenant.suspended'],
    ['PATCH', '/api/v1/tenants/acme/config', { tenantId: 'acme' }, 'config.tenantId'],
  ])('%s %s with %j is refused', async (method, path, body, field) => {
    const problem = await expectFetchProblem(await alice.send(method, path, body), 'INVALID_ARGUMENT');
    expect(JSON.stringify(problem.errors).toLowerCase().replaceAll('_', '')).toContain(
      (field.split('.').at(-1) ?? '').toLowerCase().replaceAll('_', ''),
    );
    expect(backends.calls).toEqual([]);
  });
});

it('a password hash leaves the gateway nowhere', async () => {
  const hash = /password_?hash|argon2/i;
  expect(gateway.sandbox.directory.users.get('acme-alice')?.passwordHash).toMatch(hash);
  const root = await Client.of(gateway, 'root@platform.test');
  const bob = { displayName: 'Bob', email: 'bob@acme.test', username: 'bob', status: 'USER_STATUS_ACTIVE' };
  const answers = [
    await alice.get('/api/v1/users'),
    await alice.get('/api/v1/users/acme-alice'),
    await alice.get('/api/v1/users/search?query=a'),
    await alice.get('/api/v1/me'),
    await alice.send('POST', '/api/v1/users', {
      username: 'hashed',
      email: 'hashed@acme.test',
      password: 'long-enough',
    }),
    await alice.send('PATCH', '/api/v1/users/acme-bob', { displayName: 'Bob' }),
    await alice.send('PUT', '/api/v1/users/acme-bob', bob),
    await root.get('/api/v1/users?tenant_id=globex'),
  ];
  for (const answer of answers) {
    expect(answer.status, answer.url).toBeLessThan(300);
    expect(await answer.text(), answer.url).not.toMatch(hash);
  }
  expect(JSON.stringify(gateway.lines)).not.toMatch(/argon2/);
});
