import { fromBinary, toJson } from '@bufbuild/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { compileProto } from '../support/compile-proto.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type BytesCall, type GrpcBackend, grpcBackend } from '../support/grpc-backend.js';

type Rule = 'protected' | 'privileged';

/** A resource with something that a client may not touch in each place there is; `mark` is the option on the field. */
const resource = (name: string, mark: string): string => `
message ${name}Item { string name = 1; string plan = 2${mark}; }
message ${name} {
  string id = 1;
  string name = 2;
  string plan = 3${mark};
  ${name}Item profile = 4;
  repeated ${name}Item items = 5;
  map<string, ${name}Item> by_name = 6;
  oneof way { string open = 7; string fixed = 8${mark}; ${name}Item held = 9; }
  ${name} inner = 10;
  repeated string tags = 11;
}
message Update${name}Request { string ${name.toLowerCase()}_id = 1; ${name} resource = 2; google.protobuf.FieldMask update_mask = 3; }
message Bare${name}Request { ${name} resource = 1; }
message Flat${name}Request { string id = 1; string name = 2; string plan = 3${mark}; google.protobuf.FieldMask update_mask = 4; }`;

const LISTED = [
  'plan',
  'profile.plan',
  'items',
  'by_name',
  'fixed',
  'held.plan',
  'inner.plan',
  'inner.profile.plan',
  'inner.fixed',
  'inner.items',
];

const REQUESTS: Readonly<Record<string, string>> = { Update: 'Update', Whole: 'Update', Bare: 'Bare', Flat: 'Flat' };

/** RPCs with and without a mask, whose body is the resource, the whole request, or flat. */
const rpcs = (name: string, policy: (prefix: string) => string): string => {
  const rpc = (kind: string, rules: string, path: string, body: string) => `
  rpc ${kind}${name}(${REQUESTS[kind]}${name}Request) returns (${name}) {
    option (google.api.http) = {
      patch: "${path}" body: "${body}"
      additional_bindings: {put: "${path}" body: "${body}"}
    };
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED ${rules}};
  }`;
  const at = `/extra/v1/${name.toLowerCase()}`;
  const id = `${name.toLowerCase()}_id`;
  return [
    rpc('Update', policy('resource.'), `${at}/{${id}}`, 'resource'),
    rpc('Whole', policy('resource.'), `${at}/{${id}}:whole`, '*'),
    rpc('Bare', policy('resource.'), `${at}/{resource.id}:bare`, 'resource'),
    rpc('Flat', policy(''), `${at}/{id}:flat`, '*'),
  ].join('\n');
};

const lists = (option: string, more: string) => (prefix: string) => {
  const paths = prefix === '' ? ['plan'] : LISTED;
  return `${paths.map((path) => `${option}: "${prefix}${path}"`).join(' ')} ${more}`;
};
const PERMISSION = 'privileged_permission: "extra.admin"';

const KINDS: readonly [kind: string, rule: Rule][] = [
  ['Listed', 'protected'],
  ['Marked', 'protected'],
  ['Ranked', 'privileged'],
  ['Graded', 'privileged'],
];

const proto = compileProto(`
${resource('Listed', '')}
${resource('Marked', ' [(gateway.v1.field).protected = true]')}
${resource('Ranked', '')}
${resource('Graded', ' [(gateway.v1.field).privileged = true]')}
service ExtraService {
${rpcs('Listed', lists('protected_fields', ''))}
${rpcs('Marked', () => '')}
${rpcs('Ranked', lists('privileged_fields', PERMISSION))}
${rpcs('Graded', () => PERMISSION)}
}`);

let backend: GrpcBackend;
let gateway: TestGateway;
let alice: Client;
let received: { name: string; bytes: Buffer }[] = [];

beforeAll(async () => {
  const methods = proto.service('ExtraService').methods.map(({ name }) => name);
  const take = (name: string) => (call: BytesCall) => {
    received.push({ name, bytes: call.request });
    return Buffer.alloc(0);
  };
  backend = await grpcBackend({
    unary: Object.fromEntries(methods.map((name) => [`/extra.v1.ExtraService/${name}`, take(name)])),
  });
  const env = { GATEWAY_DESCRIPTORS: proto.path, EXTRA_SERVICE_URL: backend.target, GATEWAY_HEALTH_INTERVAL: '1h' };
  gateway = await startTestGateway({ env });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(async () => {
  await gateway.close();
  backend.close();
  proto.remove();
});
beforeEach(() => (received = []));

/** Each change of a resource, and what may come of it. `whole` is sent as the field of a body that is all. */
const NAME = { name: 'new' };
const REPLACED: [what: string, verb: string, query: string, resource: unknown][] = [
  ['a mask of everything', 'PATCH', 'update_mask=*', NAME],
  ['a mask of everything beside a name', 'PATCH', 'updateMask=name,*', NAME],
  ['no mask', 'PUT', '', NAME],
  ['an empty mask', 'PUT', 'update_mask=', NAME],
  ['a mask of everything', 'PUT', 'update_mask=*', NAME],
  ['nothing at all', 'PUT', '', {}],
];
const INDIRECT: typeof REPLACED = [
  ['a mask that names it', 'PATCH', 'update_mask=plan', NAME],
  ['a mask that names its parent', 'PATCH', 'update_mask=profile', NAME],
  ['a mask that names its parent', 'PUT', 'update_mask=profile', { profile: NAME }],
  ['a mask that names it within its parent', 'PATCH', 'update_mask=profile.plan', { profile: NAME }],
  ['a mask that names the list around it', 'PATCH', 'update_mask=items', { items: [] }],
  ['a mask that names the map around it', 'PATCH', 'update_mask=byName', { byName: {} }],
  ['a mask that names one entry of the map', 'PATCH', 'update_mask=byName.a', { byName: {} }],
  ['an empty parent', 'PATCH', '', { profile: {} }],
  ['a parent of null', 'PATCH', '', { profile: null }],
  ['an empty parent deep inside', 'PATCH', '', { inner: { profile: {} } }],
  ['a list around it', 'PATCH', '', { items: [NAME] }],
  ['an empty list', 'PATCH', '', { items: [] }],
  ['a list around it', 'PUT', '', { items: [NAME] }],
  ['a map around it', 'PATCH', '', { byName: { a: NAME } }],
  ['a map around it', 'PUT', '', { by_name: { a: NAME } }],
  ['a sibling in its oneof', 'PATCH', '', { open: 'x' }],
  ['a sibling in its oneof', 'PUT', '', { ...NAME, open: 'x' }],
  ['a sibling of the parent in its oneof', 'PATCH', 'update_mask=open', { open: 'x' }],
  ['the same below', 'PATCH', '', { inner: { open: 'x' } }],
  ['its value', 'PATCH', '', { plan: 'x' }],
  ['null', 'PATCH', '', { plan: null }],
  ['its value deep inside', 'PUT', '', { inner: { profile: { plan: 'x' } } }],
];

describe.each(KINDS)('what a client may not touch: %s, %s', (kind, rule) => {
  const path = (rpc: string, query: string) => `/extra/v1/${kind.toLowerCase()}/7${rpc}${query && `?${query}`}`;
  const refusal = rule === 'protected' ? 400 : 403;

  async function expectUntouched(response: Response, mayPass: boolean): Promise<void> {
    if (response.status === 200) {
      expect([mayPass, received.length]).toEqual([true, 1]);
      const masked = maskOf(received[0] as (typeof received)[0]);
      expect(masked).not.toEqual([]);
      for (const each of masked) expect(touches(each), each).toBe(false);
      return;
    }
    expect([response.status, await response.text()]).toEqual([refusal, expect.stringMatching(/field|set|permission/)]);
    expect(received).toEqual([]);
  }

  it.each(REPLACED)('is kept or refused: %s, %s ?%s %j', async (_what, verb, query, body) => {
    const isKept = rule === 'protected';
    await expectUntouched(await alice.send(verb, path('', query), body), isKept);
    const [, mask] = query.split('=');
    received = [];
    const whole = { resource: body, ...(mask === undefined ? {} : { updateMask: mask }) };
    await expectUntouched(await alice.send(verb, path(':whole', ''), whole), isKept);
  });

  it.each(INDIRECT)('is refused: %s, %s ?%s %j', async (_what, verb, query, body) => {
    await expectUntouched(await alice.send(verb, path('', query), body), false);
    const [, mask] = query.split('=');
    const whole = { resource: body, ...(mask === undefined ? {} : { updateMask: mask }) };
    await expectUntouched(await alice.send(verb, path(':whole', ''), whole), false);
  });

  it('is refused when nothing says what a replacement leaves out', async () => {
    await expectUntouched(await alice.send('PUT', path(':bare', ''), NAME), false);
    for (const body of [{ items: [] }, { byName: {} }, { open: 'x' }, { inner: { items: [NAME] } }]) {
      await expectUntouched(await alice.send('PATCH', path(':bare', ''), body), false);
    }
  });

  it('is kept beside its siblings of the request itself', async () => {
    await expectUntouched(await alice.send('PATCH', path(':flat', ''), NAME), true);
    received = [];
    for (const body of [{ ...NAME, updateMask: '*' }, { ...NAME, updateMask: 'plan' }, { plan: null }]) {
      await expectUntouched(await alice.send('PATCH', path(':flat', ''), body), rule === 'protected');
      received = [];
    }
    await expectUntouched(await alice.send('PUT', path(':flat', ''), NAME), rule === 'protected');
  });

  it('does not keep the rest from being changed', async () => {
    const body = { name: 'a', tags: ['b'], profile: NAME, inner: { name: 'c', profile: NAME } };
    expect((await alice.send('PATCH', path('', ''), body)).status).toBe(200);
    expect((await alice.send('PATCH', path(':bare', ''), body)).status).toBe(200);
    const masks = received.map(maskOf);
    expect(masks[0]).toEqual(['name', 'tags', 'profile.name', 'inner.name', 'inner.profile.name']);
  });
});

describe('with the permission', () => {
  it.each(KINDS.filter(([, rule]) => rule === 'privileged'))('everything may be replaced: %s', async (kind) => {
    const permissions = ['extra.admin'];
    const admin = new Client(gateway.url, await gateway.sandbox.issueToken('alice@acme.test', { permissions }));
    for (const [, verb, query, body] of [...REPLACED, ...INDIRECT]) {
      const response = await admin.send(verb, `/extra/v1/${kind.toLowerCase()}/7?${query}`, body);
      expect(response.status, `${verb} ${query} ${JSON.stringify(body)}`).toBe(200);
    }
    expect((await admin.send('PUT', `/extra/v1/${kind.toLowerCase()}/7:bare`, NAME)).status).toBe(200);
  });
});

/** The mask that the backend got; of a request without one, the fields that are there, which it would merge. */
function maskOf({ name, bytes }: { name: string; bytes: Buffer }): readonly string[] {
  const method = proto.service('ExtraService').methods.find((each) => each.name === name);
  if (method === undefined) throw new Error(`no RPC ${name}`);
  const json = toJson(method.input, fromBinary(method.input, bytes)) as { readonly updateMask?: string };
  return json.updateMask?.split(',').filter(Boolean) ?? ['*'];
}

/** Applied by a backend, the path would reach something that the client may not touch. */
function touches(path: string): boolean {
  const guarded = ['plan', 'profile', 'items', 'byName', 'fixed', 'held', 'inner', 'open'];
  return path === '*' || path.endsWith('plan') || (guarded.includes(path) && path !== 'open');
}
