import type { DescMethod } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { shapeService, shapesWith } from '../../test/support/shapes.js';
import type { RpcEdit } from '../../test/support/shapes.js';
import { TenantService } from '../gen/tenant/v1/tenant_pb.js';
import { UserService } from '../gen/user/v1/user_pb.js';
import type { ContractProblem } from './contract-problem.js';
import { readPolicy } from './policy-reader.js';

const OPEN = 1;
const AUTHENTICATED = 2;
const CONTROLLED = 3;

type PolicyInit = NonNullable<RpcEdit['policy']>;

function rpcOf(name: string): DescMethod {
  const method = shapeService.methods.find((each) => each.name === name);
  if (method === undefined) throw new Error(`${name} is no RPC of ShapeService`);
  return method;
}

/** What is wrong with a policy on an RPC of ShapeService. */
function mistakesIn(rpc: string, policy: PolicyInit): string[] {
  const [method] = shapesWith({ [rpc]: { policy } }).methods;
  const problems: ContractProblem[] = [];
  if (method === undefined) throw new Error(`${rpc} is no RPC of ShapeService`);
  readPolicy(method, problems);
  return problems.map((problem) => problem.message);
}

const seconds = (value: number, nanos = 0) => ({ seconds: BigInt(value), nanos });

describe('a policy', () => {
  it('is undefined for an RPC that has none', () => {
    expect(readPolicy(rpcOf('Internal'), [])).toBeUndefined();
  });

  it('is read with its defaults filled', () => {
    expect(readPolicy(rpcOf('GetFile'), [])).toEqual({
      access: 'OPEN',
      permissions: [],
      roles: [],
      tenantField: undefined,
      protectedFields: [],
      redact: [],
      responseTenantFields: [],
      timeoutMs: undefined,
      retry: undefined,
      cache: undefined,
      maxConcurrent: 0,
      rates: [],
      cost: 1,
      fallback: undefined,
      stream: { idleTimeoutMs: undefined, maxDurationMs: undefined, maxMessages: 0 },
      maxBodyBytes: undefined,
      successStatus: 200,
      meter: undefined,
      encodedSlashes: false,
      uncompressed: false,
    });
  });

  it.each([
    ['ListShapes', { access: 'ACCESS_CONTROLLED', permissions: ['shape.read'], tenantField: 'tenant_id' }],
    ['ListShapes', { cache: { ttlMs: 5000, scope: 'tenant', staleIfErrorMs: 60_000, maxBytes: 0 } }],
    ['ListShapes', { fallback: { kind: 'cached' } }],
    ['UpdateShape', { retry: { maxAttempts: 3, backoffMs: 20 }, protectedFields: ['shape.client_secret'] }],
    [
      'RotateShape',
      {
        access: 'AUTHENTICATED',
        maxConcurrent: 4,
        rates: [{ maxRate: 5, capacity: 5, everyMs: 1000, key: undefined }],
      },
    ],
    ['GetBook', { timeoutMs: 1500 }],
    ['UploadFile', { successStatus: 204, maxBodyBytes: 4096 }],
    ['WatchShape', { stream: { idleTimeoutMs: 10_000, maxDurationMs: undefined, maxMessages: 100 } }],
    ['ReplacePages', { roles: ['editor'], permissions: [] }],
  ])('of %s holds %o', (rpc, expected) => {
    const problems: ContractProblem[] = [];
    expect(readPolicy(rpcOf(rpc), problems)).toMatchObject(expected);
    expect(problems).toEqual([]);
  });

  it('is right for every RPC of the services that the gateway comes with', () => {
    const problems: ContractProblem[] = [];
    for (const method of [...UserService.methods, ...TenantService.methods]) readPolicy(method, problems);
    expect(problems).toEqual([]);
  });

  it.each<[string, string, PolicyInit, string]>([
    ['no access', 'GetFile', {}, 'access is not set'],
    ['an access of a later version', 'GetFile', { access: 9 as never }, 'access is not set'],
    ['nobody who may call', 'GetFile', { access: CONTROLLED }, 'needs permissions or roles'],
    [
      'permissions that are not checked',
      'GetFile',
      { access: OPEN, permissions: ['a.b'] },
      'only checked with ACCESS_CONTROLLED',
    ],
    [
      'a privilege without a field',
      'UpdateShape',
      { access: AUTHENTICATED, privilegedPermission: 'a.b' },
      'name its privileged_fields',
    ],
    [
      'privileged fields without a permission',
      'UpdateShape',
      { access: AUTHENTICATED, privilegedFields: ['shape.name'] },
      '"" is no permission that can be required',
    ],
    [
      'privileged fields of nobody',
      'UpdateShape',
      { access: OPEN, privilegedFields: ['shape.name'], privilegedPermission: 'a.b' },
      'need a caller',
    ],
    [
      'privileged fields that are not there',
      'UpdateShape',
      { access: AUTHENTICATED, privilegedFields: ['shape.nope'], privilegedPermission: 'a.b' },
      'privileged_fields "shape.nope"',
    ],
    [
      'roles that are not checked',
      'GetFile',
      { access: AUTHENTICATED, roles: ['a'] },
      'only checked with ACCESS_CONTROLLED',
    ],
    ...['user', 'user.*', '*', 'user.read.all', 'user:read', 'user:read:any', 'user:*:all', '', 'a b.c', '.read'].map(
      (each): [string, string, PolicyInit, string] => [
        `the permission "${each}"`,
        'GetFile',
        { access: CONTROLLED, permissions: [each] },
        `"${each}" is no permission that can be required`,
      ],
    ),
    ['an empty role', 'GetFile', { access: CONTROLLED, roles: [''] }, '"" is no role'],
    ['a timeout of zero', 'GetFile', { access: OPEN, timeout: seconds(0) }, 'timeout is 0ms'],
    ['a negative timeout', 'GetFile', { access: OPEN, timeout: seconds(-1) }, 'timeout is -1000ms'],
    [
      'a negative backoff',
      'GetFile',
      { access: OPEN, retry: { maxAttempts: 2, backoff: seconds(-1) } },
      'retry.backoff is -1000ms',
    ],
    [
      'a timeout that no timer can wait',
      'GetFile',
      { access: OPEN, timeout: seconds(2_592_000) },
      'timeout is 2592000000ms: it must be at most 2147483647ms',
    ],
    ['a ttl of zero', 'GetFile', { access: OPEN, cache: { ttl: seconds(0) } }, 'cache.ttl is 0ms'],
    ['staleness without a ttl', 'GetFile', { access: OPEN, cache: { staleIfError: seconds(1) } }, 'needs cache.ttl'],
    ['a window of zero', 'GetFile', { access: OPEN, rate: [{ maxRate: 1, every: seconds(0) }] }, 'rate.every is 0ms'],
    ['a rate of zero', 'GetFile', { access: OPEN, rate: [{}] }, 'rate.max_rate is 0'],
    ['a key that is not there', 'GetFile', { access: OPEN, rate: [{ maxRate: 1, key: 'nope' }] }, 'rate.key "nope"'],
    [
      'a stream without end',
      'WatchShape',
      { access: OPEN, stream: { maxDuration: seconds(0) } },
      'stream.max_duration is 0ms',
    ],
    [
      'a stream that no timer can bound',
      'WatchShape',
      { access: OPEN, stream: { maxDuration: seconds(2_592_000) } },
      'stream.max_duration is 2592000000ms: it must be at most 2147483647ms',
    ],
    [
      'hedging with one attempt',
      'GetFile',
      { access: OPEN, retry: { maxAttempts: 1, hedgeAfter: seconds(1) } },
      'retry.hedge_after needs max_attempts above 1',
    ],
    [
      'retries of what is not idempotent',
      'RotateShape',
      { access: OPEN, retry: { maxAttempts: 2 } },
      'retry needs idempotency_level',
    ],
    ['a cached write', 'UpdateShape', { access: OPEN, cache: { ttl: seconds(1) } }, 'cache is for reads'],
    [
      'a fallback of a write',
      'UpdateShape',
      { access: OPEN, fallback: { answer: { case: 'upstream', value: 'b' } } },
      'fallback is for reads',
    ],
    ['a cached stream', 'WatchShape', { access: OPEN, cache: { ttl: seconds(1) } }, 'cache is for unary RPCs'],
    [
      'a fallback that is not cached',
      'GetFile',
      { access: OPEN, fallback: { answer: { case: 'cached', value: true } } },
      'fallback.cached needs a cache',
    ],
    ['a fallback without an answer', 'GetFile', { access: OPEN, fallback: {} }, 'fallback names no answer'],
    [
      'a static answer of another type',
      'GetFile',
      { access: OPEN, fallback: { answer: { case: 'staticJson', value: '{"nope":1}' } } },
      'fallback.static_json is no shapes.v1.Book',
    ],
    [
      'a static answer that is no JSON',
      'GetFile',
      { access: OPEN, fallback: { answer: { case: 'staticJson', value: '{' } } },
      'fallback.static_json is no shapes.v1.Book',
    ],
    [
      'a fallback to no name',
      'GetFile',
      { access: OPEN, fallback: { answer: { case: 'upstream', value: 'a:1' } } },
      '"a:1" is no upstream\'s name',
    ],
    [
      'stream limits of a unary RPC',
      'GetFile',
      { access: OPEN, stream: { maxMessages: 1 } },
      'stream is for server streams',
    ],
    ['a meter that is a sentence', 'GetBook', { meter: 'AI Query' }, 'meter "AI Query" is no name'],
    ['a meter for nobody', 'GetFile', { access: OPEN, meter: 'file.read' }, 'meter needs a caller'],
    ['a guardrail of a later version', 'GetFile', { access: OPEN, guardrail: 9 as 1 }, 'guardrail 9 is not known'],
    ['a status of failure', 'GetFile', { access: OPEN, successStatus: 404 }, 'success_status 404 is not one of'],
    [
      'a stream that says 204',
      'WatchShape',
      { access: OPEN, successStatus: 204 },
      'success_status 204 is not one of 200',
    ],
  ])('is refused with %s', (_, rpc, policy, mistake) => {
    expect(mistakesIn(rpc, policy).join('\n')).toContain(mistake);
  });

  it('lists all that is wrong with it', () => {
    expect(mistakesIn('RotateShape', { timeout: seconds(0), cost: 1, rate: [{}], successStatus: 500 })).toHaveLength(5);
  });
});
