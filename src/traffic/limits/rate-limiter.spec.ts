import { beforeEach, describe, expect, it } from 'vitest';
import { principalOf } from '../../../test/support/principal.js';
import { unaryMethod } from '../../../test/support/upstream-call.js';
import type { RateLimitConfig } from '../../config/schema/rate-limit-settings.js';
import { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import type { Policy, RatePolicy } from '../../domain/policy.js';
import type { Principal } from '../../domain/principal.js';
import { NO_TRACE } from '../../domain/trace-context.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import type { Entitlements } from '../entitlements.js';
import { PlanLimits } from './plan-limits.js';
import { RateLimiter } from './rate-limiter.js';

const perSecond = (maxRate: number, capacity: number): RatePolicy => ({ maxRate, capacity, everyMs: 1000 });

const CONFIG: RateLimitConfig = {
  tenant: perSecond(10, 5),
  ip: perSecond(10, 3),
  user: undefined,
  dryRun: false,
  maxKeys: 1000,
  idleMs: 600_000,
  cleanupIntervalMs: 600_000,
  storeTimeoutMs: 20,
  replicas: 1,
};

let now = 0;
let plans: Map<string, Entitlements>;
beforeEach(() => {
  now = 0;
  plans = new Map();
});

/** A limiter of one instance, its metrics beside it. */
function start(changes: Partial<RateLimitConfig> = {}) {
  const config = { ...CONFIG, ...changes };
  const { rateLimits: metrics, registry } = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
  const limits = new PlanLimits({ known: (tenant) => plans.get(tenant) }, config);
  const limiter = new RateLimiter({
    config,
    plans: limits,
    metrics,
    shared: undefined,
    now: () => now,
    random: () => 0,
  });
  const count = async (name: string, labels: Record<string, string>) => {
    const { values = [] } = (await registry.getSingleMetric(name)?.get()) ?? {};
    return values.find((each) => Object.entries(labels).every(([key, value]) => each.labels[key] === value))?.value;
  };
  return { limiter, count };
}

function callOf(principal?: Partial<Principal>, policy: Partial<Policy> = {}): CallContext {
  const call = new CallContext('request', NO_TRACE, 0, 1000);
  call.principal = principal && principalOf(principal);
  call.method = unaryMethod(policy);
  call.policy = call.method.policy;
  return call;
}

const SENDER = { clientAddress: '203.0.113.7' };

/** How many of so many requests in a row pass. */
function passed(limiter: RateLimiter, times: number, make: () => CallContext, sender = SENDER): number {
  return Array.from({ length: times }, () => limiter.check(make(), sender)).filter((denied) => denied === undefined)
    .length;
}

const ofTenant = (tenantId: string, policy?: Partial<Policy>) => () => callOf({ tenantId }, policy);

describe('the bucket of a tenant', () => {
  it('lets a burst pass, then its rate, and leaves other tenants alone', () => {
    const { limiter } = start();
    expect(passed(limiter, 20, ofTenant('acme'))).toBe(5);
    expect(passed(limiter, 20, ofTenant('globex'))).toBe(5);
    now += 300;
    expect(passed(limiter, 20, ofTenant('acme'))).toBe(3);
  });

  it('is as large as the plan says, from the moment that it is known', () => {
    const { limiter } = start();
    expect(passed(limiter, 20, ofTenant('acme'))).toBe(5);
    plans.set('acme', { plan: 'pro', rateLimitRps: 100, rateLimitBurst: 50, suspended: false });
    now += 100;
    expect(passed(limiter, 60, ofTenant('acme'))).toBe(10);
    plans.set('globex', { plan: 'free', rateLimitRps: 0, rateLimitBurst: 0, suspended: false });
    expect(passed(limiter, 60, ofTenant('globex'))).toBe(5);
    plans.set('initech', { plan: 'odd', rateLimitRps: 0, rateLimitBurst: 2, suspended: false });
    expect(passed(limiter, 60, ofTenant('initech'))).toBe(2);
  });

  it('gives as many tokens as a call costs, and what costs more than it holds passes when it is full', () => {
    const { limiter } = start();
    expect(passed(limiter, 20, ofTenant('acme', { cost: 2 }))).toBe(2);
    expect(passed(limiter, 20, ofTenant('acme'))).toBe(1);
    expect(passed(limiter, 20, ofTenant('globex', { cost: 100 }))).toBe(1);
  });

  it('is divided by the instances that share it', () => {
    const { limiter } = start({ tenant: perSecond(90, 60), replicas: 3 });
    expect(passed(limiter, 100, ofTenant('acme'))).toBe(20);
    now += 100;
    expect(passed(limiter, 100, ofTenant('acme'))).toBe(3);
  });

  it('asks nothing of an open route', () => {
    const { limiter } = start();
    expect(passed(limiter, 50, () => callOf())).toBe(50);
  });
});

describe('the bucket of a caller', () => {
  const bob = () => callOf({ subject: 'bob' });

  it('leaves the rest of the tenant to others', () => {
    const { limiter } = start({ user: perSecond(1, 2) });
    expect(passed(limiter, 10, bob)).toBe(2);
    expect(passed(limiter, 10, () => callOf({ subject: 'eve' }))).toBe(2);
    expect(passed(limiter, 10, () => callOf({ subject: 'kim' }))).toBe(1);
  });

  it('is not that of a caller of the same name elsewhere', () => {
    const { limiter } = start({ user: perSecond(1, 2) });
    expect(passed(limiter, 10, bob)).toBe(2);
    expect(passed(limiter, 10, () => callOf({ subject: 'bob', tenantId: 'globex' }))).toBe(2);
    expect(passed(limiter, 10, () => callOf({ subject: ' bob', tenantId: 'acm' }))).toBe(2);
  });

  it('that is empty takes nothing from the tenant', () => {
    const { limiter } = start({ user: perSecond(1, 1) });
    passed(limiter, 100, bob);
    expect(passed(limiter, 10, () => callOf({ subject: 'eve' }))).toBe(1);
    const call = callOf({ subject: 'kim' });
    expect(limiter.check(call, SENDER)).toBeUndefined();
    expect(call.rateLimit?.buckets.map(({ scope, remaining }) => [scope, remaining])).toEqual([
      ['tenant', 2],
      ['user', 0],
    ]);
  });
});

describe('the bucket of a route', () => {
  const exports = { rates: [{ maxRate: 1, capacity: 2, everyMs: 60_000 }] };

  it('is one for each tenant, beside the others', () => {
    const { limiter } = start();
    const limited = ofTenant('acme', exports);
    expect(passed(limiter, 10, limited)).toBe(2);
    expect(passed(limiter, 10, ofTenant('globex', exports))).toBe(2);
    expect(passed(limiter, 10, ofTenant('acme'))).toBe(3);
  });

  it('is one for each address where nobody signs in', () => {
    const { limiter } = start();
    const login = callOf(undefined, exports);
    expect(passed(limiter, 10, () => login)).toBe(2);
    expect(passed(limiter, 10, () => login, { clientAddress: '198.51.100.1' })).toBe(2);
  });
});

describe('the bucket of an address', () => {
  const flood = (limiter: RateLimiter, clientAddress: string) =>
    Array.from({ length: 10 }, () => limiter.checkAddress(callOf(), { clientAddress })).filter((denied) => !denied)
      .length;

  it('is shared by a whole IPv6 network, and by nobody else', () => {
    const { limiter } = start();
    expect(flood(limiter, '2001:db8::1')).toBe(3);
    expect(flood(limiter, '2001:db8::2')).toBe(0);
    expect(flood(limiter, '2001:db8:0:1::1')).toBe(3);
    expect(flood(limiter, '203.0.113.7')).toBe(3);
  });

  it('is not there when it is switched off', () => {
    const { limiter } = start({ ip: undefined });
    expect(flood(limiter, '203.0.113.7')).toBe(10);
  });

  it('is not divided by the instances', () => {
    expect(flood(start({ replicas: 3 }).limiter, '203.0.113.7')).toBe(3);
  });
});

describe('a denial', () => {
  it('says which limit it was, and when to come back', () => {
    const { limiter } = start({ tenant: { maxRate: 1, capacity: 1, everyMs: 4000 } });
    passed(limiter, 1, () => callOf({}));
    const denied = limiter.check(callOf({}), SENDER);
    if (!(denied instanceof GatewayError)) throw new Error('it was let in');
    expect(denied).toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterSeconds: 4,
      headers: { 'x-ratelimit-dimension': 'tenant' },
      members: { 'violated-policies': ['tenant'] },
    });
    expect(denied.detail).toContain('rate limit exceeded');
  });

  it('is counted by limit and tenant', async () => {
    const { limiter, count } = start();
    passed(limiter, 8, ofTenant('acme'));
    expect(await count('rate_limit_requests_total', { scope: 'tenant', outcome: 'allowed' })).toBe(5);
    expect(await count('rate_limit_requests_total', { scope: 'tenant', outcome: 'denied' })).toBe(3);
    expect(await count('rate_limit_denied_by_tenant_total', { tenant: 'acme' })).toBe(3);
    expect(await count('rate_limit_active_limiters', { scope: 'tenant' })).toBe(1);
    expect(await count('rate_limit_max_limiters', { scope: 'tenant' })).toBe(1000);
  });

  it('has a series of its own for the first 200 tenants', async () => {
    const { limiter, count } = start({ tenant: perSecond(1, 1) });
    for (let n = 0; n < 250; n++) passed(limiter, 2, ofTenant(`tenant-${n}`));
    expect(await count('rate_limit_denied_by_tenant_total', { tenant: 'tenant-199' })).toBe(1);
    expect(await count('rate_limit_denied_by_tenant_total', { tenant: 'tenant-200' })).toBeUndefined();
    expect(await count('rate_limit_denied_by_tenant_total', { tenant: '_other' })).toBe(50);
  });

  it('is only counted in a dry run', async () => {
    const { limiter, count } = start({ dryRun: true });
    expect(passed(limiter, 8, ofTenant('acme'))).toBe(8);
    expect(await count('rate_limit_requests_total', { scope: 'tenant', outcome: 'dry_run' })).toBe(3);
    expect(await count('rate_limit_requests_total', { scope: 'tenant', outcome: 'denied' })).toBe(0);
  });
});

describe('buckets that nobody uses', () => {
  it('go, and those in use stay', () => {
    const { limiter } = start();
    passed(limiter, 1, ofTenant('acme'));
    limiter.checkAddress(callOf(), SENDER);
    now += 599_000;
    passed(limiter, 1, ofTenant('globex'));
    now += 2_000;
    expect(limiter.cleanUp()).toEqual({ evicted: 2, remaining: 1 });
  });
});
