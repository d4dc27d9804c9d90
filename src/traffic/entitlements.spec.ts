import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { type BytesCall, grpcBackend } from '../../test/support/grpc-backend.js';
import { principalOf } from '../../test/support/principal.js';
import { stackFixtureAt } from '../../test/support/stack-fixture.js';
import { unaryMethod, upstreamCall } from '../../test/support/upstream-call.js';
import type { CallContext } from '../domain/call-context.js';
import { GetEntitlementsRequestSchema, GetEntitlementsResponseSchema } from '../gen/tenant/v1/tenant_pb.js';
import { TenantEntitlements } from './entitlements.js';

type Answer = MessageInitShape<typeof GetEntitlementsResponseSchema>;

const PATH = '/tenant.v1.TenantService/GetEntitlements';

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

/** Entitlements in front of a TenantService that the test answers for, at a time that the test sets. */
async function tenantService(answer: (tenantId: string) => Answer | Promise<never>) {
  const asked: string[] = [];
  const unary = async (call: BytesCall): Promise<Buffer> => {
    const { tenantId } = fromBinary(GetEntitlementsRequestSchema, call.request);
    asked.push(tenantId);
    return Buffer.from(
      toBinary(GetEntitlementsResponseSchema, create(GetEntitlementsResponseSchema, await answer(tenantId))),
    );
  };
  const backend = await grpcBackend({ unary: { [PATH]: unary } });
  const fixture = stackFixtureAt(backend.target);
  closing.push(
    () => fixture.close(),
    () => backend.close(),
  );
  const clock = { now: 0 };
  return { asked, clock, entitlements: new TenantEntitlements(fixture.stack, () => clock.now) };
}

function callOf(tenantId: string): CallContext {
  const { context } = upstreamCall(unaryMethod());
  context.principal = principalOf({ tenantId });
  return context;
}

function failWith(code: number): Promise<never> {
  return Promise.reject(Object.assign(new Error('no'), { code }));
}

describe('the entitlements of a tenant', () => {
  it('are waited for once, then given at once', async () => {
    const { asked, entitlements } = await tenantService(() => ({ plan: 'pro', rateLimitRps: 20, rateLimitBurst: 40 }));
    expect(entitlements.known('acme')).toBeUndefined();
    const first = await Promise.all([1, 2, 3].map(async () => entitlements.find(callOf('acme'))));
    expect(first).toEqual(Array(3).fill(expect.objectContaining({ plan: 'pro', suspended: false })));
    expect(entitlements.find(callOf('acme'))).toMatchObject({ rateLimitRps: 20, rateLimitBurst: 40 });
    expect(entitlements.known('acme')).toBe(entitlements.find(callOf('acme')));
    expect(asked).toEqual(['acme']);
  });

  it('are renewed in the background once they are a minute old', async () => {
    let suspended = false;
    const { asked, clock, entitlements } = await tenantService(() => ({ suspended }));
    await entitlements.find(callOf('acme'));
    suspended = true;
    clock.now = 59_999;
    expect(entitlements.find(callOf('acme'))).toMatchObject({ suspended: false });
    clock.now = 60_000;
    for (let request = 0; request < 5; request++) {
      expect(entitlements.find(callOf('acme'))).toMatchObject({ suspended: false });
    }
    await expect.poll(() => entitlements.known('acme')?.suspended).toBe(true);
    expect(asked).toHaveLength(2);
  });

  it('stay as they are while TenantService cannot say', async () => {
    let broken = false;
    const { asked, clock, entitlements } = await tenantService(() => (broken ? failWith(14) : { suspended: true }));
    await entitlements.find(callOf('acme'));
    broken = true;
    clock.now = 3_600_000;
    expect(entitlements.find(callOf('acme'))).toMatchObject({ suspended: true });
    await expect.poll(() => asked.length).toBe(2);
    clock.now += 4_000;
    expect(await entitlements.find(callOf('acme'))).toMatchObject({ suspended: true });
    expect(asked).toHaveLength(2);
  });

  it('are unknown, not refused, when TenantService has never said, and asked for again after a pause', async () => {
    let code: number | undefined = 14;
    const { asked, clock, entitlements } = await tenantService(() =>
      code === undefined ? { plan: 'pro' } : failWith(code),
    );
    expect(await entitlements.find(callOf('acme'))).toBeUndefined();
    expect(entitlements.find(callOf('acme'))).toBeUndefined();
    expect(asked).toHaveLength(1);
    code = undefined;
    clock.now = 5_000;
    expect(entitlements.find(callOf('acme'))).toBeUndefined();
    await expect.poll(() => entitlements.known('acme')?.plan).toBe('pro');
  });

  it('are those of no plan for a tenant that TenantService does not know', async () => {
    const { asked, entitlements } = await tenantService(() => failWith(5));
    expect(await entitlements.find(callOf('gone'))).toMatchObject({ plan: '', suspended: false });
    expect(entitlements.find(callOf('gone'))).toMatchObject({ plan: '' });
    expect(asked).toHaveLength(1);
  });

  it('do not depend on the client that came first', async () => {
    const { entitlements } = await tenantService(() => ({ plan: 'pro' }));
    const { context, abort } = upstreamCall(unaryMethod());
    context.principal = principalOf();
    const [gone, other] = [entitlements.find(context), entitlements.find(callOf('acme'))];
    abort.abort();
    expect([await gone, await other]).toEqual(Array(2).fill(expect.objectContaining({ plan: 'pro' })));
    expect(context.upstream).toBeUndefined();
  });
});
