import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { principalOf } from '../../../test/support/principal.js';
import { shapeService } from '../../../test/support/shapes.js';
import { unaryMethod, upstreamCall } from '../../../test/support/upstream-call.js';
import { compileStringReader } from '../../contract/string-reader.js';
import type { StackCall } from '../call.js';
import { cacheKey, writeGroups } from './cache-key.js';
import { MemoryResponseStore } from './memory-response-store.js';

const { input } = shapeService.method['listShapes'] ?? {};
if (input === undefined) throw new Error('ListShapes is not in the test set');
const boundTenant = compileStringReader(input, 'tenant_id');

interface Caller {
  /** Undefined: nobody signed in. */
  readonly tenant: string | undefined;
  /** Holds the scope `all`. */
  readonly isCross?: boolean;
  /** The tenant in the request; undefined for an RPC that binds none. */
  readonly bound?: string;
}

function callOf({ tenant, isCross = false, bound }: Caller): StackCall {
  const { context, deadlineAt } = upstreamCall(unaryMethod());
  if (tenant !== undefined) context.principal = principalOf({ tenantId: tenant });
  context.crossTenant = isCross;
  const request = toBinary(input!, create(input!, { tenantId: bound ?? '' } as never));
  const method = { ...unaryMethod(), ...(bound !== undefined && { boundTenant }) };
  const trace = { upstream: 'user', rpc: '', grpcCode: '', attempts: 1, deadlineMs: 0, serviceMs: 0, connectMs: 0 };
  return { context, method, request, deadlineAt, startedAt: 0, signal: context.signal, trace };
}

/** Whether a write makes an answer stale that was kept for a reader. */
function outdates(writer: Caller, reader: Caller): boolean {
  const store = new MemoryResponseStore(1_000_000, () => 0);
  const key = cacheKey(callOf(reader), 'tenant');
  store.set(key, { body: Buffer.of(1), freshUntil: 1_000, generation: store.get(key).generation }, 1_000);
  expect(store.get(key).isOutdated).toBe(false);
  store.invalidate(writeGroups(callOf(writer)));
  return store.get(key).isOutdated;
}

const alice: Caller = { tenant: 'acme', bound: 'acme' };
const aliceUnbound: Caller = { tenant: 'acme' };
const carol: Caller = { tenant: 'globex', bound: 'globex' };
const root: Caller = { tenant: 'platform', isCross: true };
const rootAt = (bound: string): Caller => ({ ...root, bound });
const nobody: Caller = { tenant: undefined };
const nobodyAt = (bound: string): Caller => ({ tenant: undefined, bound });

describe('a write makes stale what is cached', () => {
  it.each([
    ['of the caller for the tenant', alice, alice],
    ['for the tenant without a tenant in the request', alice, aliceUnbound],
    ['of another tenant’s caller, when it names the tenant', rootAt('acme'), alice],
    ['of another tenant’s caller, who reads the tenant', alice, rootAt('acme')],
    ['of a caller who reads several tenants', alice, rootAt('')],
    ['of a caller who reads several tenants, by one who does not name them', carol, root],
    ['of every tenant, by a caller who may write to any and names none', root, alice],
    ['of a caller who reads several tenants, by another one', rootAt('acme'), root],
    ['of a tenant, by nobody who is signed in', nobodyAt('acme'), alice],
  ])('%s', (_what, writer, reader) => {
    expect(outdates(writer, reader)).toBe(true);
  });

  it.each([
    ['of another tenant', alice, carol],
    ['of the writer’s own tenant, when it names another', rootAt('acme'), { tenant: 'platform', bound: 'platform' }],
    ['of a third tenant, when the writer names another', rootAt('acme'), carol],
    ['of nobody', alice, nobody],
    ['of anybody, when nothing is known of the writer', nobody, alice],
  ])('and leaves what is cached %s', (_what, writer, reader) => {
    expect(outdates(writer, reader)).toBe(false);
  });
});
