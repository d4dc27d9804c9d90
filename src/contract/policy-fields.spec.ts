import { describe, expect, it } from 'vitest';
import { shapesWith } from '../../test/support/shapes.js';
import type { RpcEdit } from '../../test/support/shapes.js';
import type { ContractProblem } from './contract-problem.js';
import { readPolicy } from './policy-reader.js';

const OPEN = 1;
const AUTHENTICATED = 2;
const CONTROLLED = 3;

type PolicyInit = NonNullable<RpcEdit['policy']>;

/** What is wrong with a policy on an RPC of ShapeService. */
function mistakesIn(rpc: string, policy: PolicyInit, edit?: RpcEdit['edit']): string[] {
  const [method] = shapesWith({ [rpc]: { policy, ...(edit && { edit }) } }).methods;
  const problems: ContractProblem[] = [];
  if (method === undefined) throw new Error(`${rpc} is no RPC of ShapeService`);
  readPolicy(method, problems);
  return problems.map((problem) => problem.message);
}

describe('the fields that a policy names', () => {
  const guarded: PolicyInit = { access: CONTROLLED, permissions: ['shape.read'], redact: ['shapes.client_secret'] };

  it.each<[string, string, PolicyInit, string]>([
    [
      'an unknown tenant_field',
      'ListShapes',
      { tenantField: 'nope' },
      'tenant_field "nope": shapes.v1.ListShapesRequest has no field "nope"; it has tenant_id',
    ],
    ['a tenant_field that is a number', 'ListShapes', { tenantField: 'page_size' }, 'must be a singular string'],
    ['a tenant_field that is a list', 'EchoKinds', { tenantField: 'tags' }, 'must be a singular string'],
    ['a tenant_field in a map', 'EchoKinds', { tenantField: 'inners.text' }, '"inners" is repeated or a map'],
    ['a tenant_field in a oneof', 'EchoKinds', { tenantField: 'first' }, 'may not be part of a oneof'],
    [
      'a tenant_field of an open RPC',
      'GetFile',
      { access: OPEN, permissions: [], tenantField: 'path' },
      'an open RPC has no verified tenant',
    ],
    [
      'an unknown protected field',
      'ListShapes',
      { protectedFields: ['filter.nope'] },
      'protected_fields "filter.nope": shapes.v1.ShapeFilter has no field "nope"',
    ],
    [
      'a protected field within a list',
      'ReplacePages',
      { protectedFields: ['pages.text'] },
      '"pages" is repeated or a map; name "pages" itself',
    ],
    [
      'an unknown redacted field',
      'ListShapes',
      { redact: ['shapes.nope'] },
      'redact "shapes.nope": shapes.v1.Shape has no field "nope"',
    ],
    [
      'an unknown response tenant',
      'ListShapes',
      { responseTenantFields: ['tenant_id'] },
      'response_tenant_fields "tenant_id": shapes.v1.ListShapesResponse has no field',
    ],
    [
      'a response tenant that is a message',
      'ListShapes',
      { responseTenantFields: ['shapes'] },
      'must end in a singular string',
    ],
    [
      'a response tenant of an open RPC',
      'GetFile',
      { access: OPEN, permissions: [], responseTenantFields: ['name'] },
      'an open RPC has no verified tenant',
    ],
  ])('are refused: %s', (_, rpc, policy, mistake) => {
    expect(mistakesIn(rpc, { ...guarded, redact: [], ...policy } as PolicyInit).join('\n')).toContain(mistake);
  });

  it('may be in messages of lists and maps of the response', () => {
    const policy = { ...guarded, tenantField: 'tenant_id', responseTenantFields: ['shapes.tenant_id'] };
    expect(mistakesIn('ListShapes', policy)).toEqual([]);
    expect(mistakesIn('EchoKinds', { access: AUTHENTICATED, redact: ['inners.text', 'child.inner'] })).toEqual([]);
  });

  it.each<[string, PolicyInit, string[]]>([
    ['ListShapes', guarded, ['tenant_id']],
    ['ListShapes', { ...guarded, tenantField: 'tenant_id' }, []],
    ['ListShapes', { ...guarded, protectedFields: ['tenant_id'] }, []],
    ['ListShapes', { ...guarded, permissions: ['shape:read:all'] }, []],
    ['ListShapes', { ...guarded, permissions: ['shape:read:tenant'] }, ['tenant_id']],
    ['ListShapes', { access: OPEN, redact: ['shapes'] }, []],
    ['UpdateShape', { access: AUTHENTICATED, redact: ['client_secret'] }, ['shape.tenant_id']],
    ['UpdateShape', { access: AUTHENTICATED, redact: ['client_secret'], protectedFields: ['shape'] }, []],
  ])('of %s leave no way to name another tenant (T1): %o', (rpc, policy, paths) => {
    expect(mistakesIn(rpc, policy)).toEqual(
      paths.map((path) => expect.stringContaining(`name another tenant in the request field "${path}"`)),
    );
  });

  it.each<[string, string[], string[]]>([
    ['GetDefaultShape', [], ['client_secret']],
    ['GetDefaultShape', ['client_secret'], []],
    ['ListShapes', [], ['shapes.client_secret']],
    ['ListShapes', ['shapes'], []],
    ['WatchShape', [], ['client_secret']],
    ['EchoKinds', [], []],
  ])('of %s with redact %o leave the secrets %o (T2)', (rpc, redact, secrets) => {
    const mistakes = mistakesIn(rpc, { access: CONTROLLED, permissions: ['shape:read:all'], redact });
    expect(mistakes).toEqual(
      secrets.map((path) => expect.stringContaining(`the response field "${path}" looks like a secret`)),
    );
  });

  it.each([
    [[], ['token_hash', 'inner']],
    [['token_hash'], ['inner']],
    [['token_hash', 'inner'], []],
    [['token_hash', 'inner.token_hash'], ['inner']],
  ])('of a message that contains itself, with redact %o, leave the secrets %o (T2)', (redact, secrets) => {
    const mistakes = mistakesIn('GetDefaultShape', { access: AUTHENTICATED, redact }, (method) => {
      method.outputType = '.shapes.v1.Vault';
    });
    expect(mistakes).toEqual(
      secrets.map((path) => expect.stringContaining(`the response field "${path}" looks like a secret`)),
    );
  });
});
