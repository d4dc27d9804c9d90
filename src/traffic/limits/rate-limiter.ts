import type { RateLimitConfig } from '../../config/schema/rate-limit-settings.js';
import type { CallContext } from '../../domain/call-context.js';
import type { GatewayError } from '../../domain/errors.js';
import type { RateLimitOutcome, RateLimitScope } from '../../domain/rate-limit.js';
import type { RpcMethod } from '../../domain/rpc-method.js';
import type { RateLimitMetrics } from '../../observe/rate-limit-metrics.js';
import { BucketStore } from './bucket-store.js';
import { clientKey } from './client-address.js';
import { decideLocally, type Decision, type Demand } from './decision.js';
import { type ClusterLimit, clusterLimit } from './limit.js';
import type { PlanLimits } from './plan-limits.js';
import { type BucketPreview, type BucketSources, peeking, previewBucket } from './preview.js';
import { rateLimited } from './rate-limited.js';
import { settingsLimits } from './settings-limits.js';
import type { SharedBuckets } from './shared-buckets.js';
import { refillMs, tokens } from './token-bucket.js';
import { valueKey } from './value-key.js';

/** Dependencies of the rate limiter. */
export interface LimiterParts {
  readonly config: RateLimitConfig;
  readonly plans: Pick<PlanLimits, 'of' | 'reconfigure'>;
  readonly metrics: RateLimitMetrics;
  /** Undefined without Redis. */
  readonly shared: Pick<SharedBuckets, 'decide'> | undefined;
  readonly now: () => number;
  readonly random: () => number;
}

/** The sender of a request, before it is authenticated. */
export interface Sender {
  /** IPv4 or IPv6. */
  readonly clientAddress: string;
}

/** Buckets, and the time at which they are checked. */
interface Buckets {
  readonly stores: BucketSources;
  readonly now: number;
}

/** Number of buckets of a kind. */
export interface LimiterSizes {
  readonly scope: RateLimitScope;
  readonly active: number;
  readonly max: number;
}

/** Used share of the rate of a tenant. */
export interface TenantUse {
  readonly tenantId: string;
  readonly usedPercent: number;
  readonly remaining: number;
  readonly capacity: number;
}

/** Decides whether a request exceeds the rate of its address, tenant, caller or route. */
export class RateLimiter {
  private readonly stores: Readonly<Record<RateLimitScope, BucketStore>>;
  private ipLimit: ClusterLimit | undefined;
  private userLimit: ClusterLimit | undefined;
  private readonly routeLimits = new WeakMap<object, ClusterLimit>();
  /** True while requests beyond the limits are counted but not denied. */
  dryRun: boolean;

  constructor(private readonly parts: LimiterParts) {
    const { config } = parts;
    this.dryRun = config.dryRun;
    const store = (scope: RateLimitScope) => new BucketStore(scope, config.maxKeys);
    this.stores = { ip: store('ip'), tenant: store('tenant'), user: store('user'), route: store('route') };
    [this.ipLimit, this.userLimit] = settingsLimits(config);
    for (const [scope, each] of Object.entries(this.stores)) {
      parts.metrics.watch(scope as RateLimitScope, {
        active: () => each.size,
        max: config.maxKeys,
        evicted: () => each.evicted,
      });
    }
  }

  /** Applies the rates of the settings as they are now. The counts stay. */
  reconfigure(): void {
    this.dryRun = this.parts.config.dryRun;
    [this.ipLimit, this.userLimit] = settingsLimits(this.parts.config);
    this.parts.plans.reconfigure();
  }

  /**
   * Checks the bucket of the sender's address, before authentication. It is counted by this instance alone, so that a
   * flood of unknown senders does not reach Redis. Returns RATE_LIMITED.
   */
  checkAddress(call: CallContext, { clientAddress }: Sender): GatewayError | undefined {
    if (this.ipLimit === undefined) return undefined;
    const now = this.parts.now();
    const bucket = this.stores.ip.get(clientKey(clientAddress), now);
    return this.conclude(call, decideLocally([{ bucket, limit: this.ipLimit, cost: 1 }], now), 'allowed');
  }

  /** Checks tenant, caller and route, after authorization. Returns RATE_LIMITED, synchronously when memory decides. */
  check(call: CallContext, sender: Sender): GatewayError | undefined | Promise<GatewayError | undefined> {
    const begun = this.parts.now();
    return this.decide(call, this.demandsOf(call, sender, begun), begun);
  }

  /** Checks the rates that count by a value of the request. Returns RATE_LIMITED, synchronously when memory decides. */
  checkValues(call: CallContext, request: Uint8Array): GatewayError | undefined | Promise<GatewayError | undefined> {
    const { method } = call;
    if (method?.keyedRates === undefined || method.keyedRates.length === 0) return undefined;
    const begun = this.parts.now();
    return this.decide(call, this.valueDemands(method, request, { stores: this.stores, now: begun }), begun);
  }

  /**
   * Returns what the limits would decide, by the count of this instance. Takes nothing. No rates by value without
   * `request`.
   */
  preview(call: CallContext, sender: Sender, request?: Uint8Array): BucketPreview[] {
    const now = this.parts.now();
    const { ip, tenant, user, route } = this.stores;
    const stores = { ip: peeking(ip), tenant: peeking(tenant), user: peeking(user), route: peeking(route) };
    const address = this.ipLimit && {
      bucket: stores.ip.get(clientKey(sender.clientAddress), now),
      limit: this.ipLimit,
      cost: 1,
    };
    const byValue = request && call.method ? this.valueDemands(call.method, request, { stores, now }) : [];
    const demands = [...(address ? [address] : []), ...this.demandsOf(call, sender, now, stores), ...byValue];
    return demands.map((demand) => previewBucket(demand, now, this.parts.shared !== undefined));
  }

  private valueDemands({ path, keyedRates = [] }: RpcMethod, request: Uint8Array, { stores, now }: Buckets): Demand[] {
    return keyedRates.map(({ rate, read }, index) => {
      const name = `${path} ${rate.key}${index === 0 ? '' : `#${index}`}`;
      const bucket = stores.route.get(`${name} ${valueKey(read(request))}`, now);
      return { bucket, limit: this.routeLimit(rate), cost: 1 };
    });
  }

  private decide(
    call: CallContext,
    demands: readonly Demand[],
    begun: number,
  ): GatewayError | undefined | Promise<GatewayError | undefined> {
    if (demands.length === 0) return undefined;
    const { shared } = this.parts;
    const decision = shared?.decide(demands, begun);
    if (decision instanceof Promise) return this.wait(call, demands, decision);
    if (decision !== undefined) return this.conclude(call, decision, 'allowed');
    return this.conclude(call, decideLocally(demands, begun), shared === undefined ? 'allowed' : 'fail_open');
  }

  /** Removes buckets that were idle for GATEWAY_RATE_LIMIT_IDLE. */
  cleanUp(): { evicted: number; remaining: number } {
    const now = this.parts.now();
    let [evicted, remaining] = [0, 0];
    for (const store of Object.values(this.stores)) {
      evicted += store.removeIdle(now, this.parts.config.idleMs);
      remaining += store.size;
    }
    return { evicted, remaining };
  }

  /** Returns the number of buckets of each kind, and its maximum. */
  sizes(): readonly LimiterSizes[] {
    const { maxKeys } = this.parts.config;
    return Object.entries(this.stores).map(([scope, store]) => ({
      scope: scope as RateLimitScope,
      active: store.size,
      max: maxKeys,
    }));
  }

  /** Returns the tenants that have used most of their rate, by the count of this instance. */
  topTenants(count: number): TenantUse[] {
    const now = this.parts.now();
    const top: TenantUse[] = [];
    for (const [tenantId, { fullAt }] of this.stores.tenant.entries()) {
      if (fullAt <= now) continue;
      const { share } = this.parts.plans.of(tenantId);
      const refill = refillMs(share, fullAt, now);
      const usedPercent = (100 * refill) / (share.capacity * share.intervalMs);
      if (top.length === count && usedPercent <= (top.at(-1)?.usedPercent ?? 0)) continue;
      top.push({ tenantId, usedPercent, remaining: tokens(share, refill), capacity: share.capacity });
      top.sort((one, other) => other.usedPercent - one.usedPercent).splice(count);
    }
    return top;
  }

  private async wait(
    call: CallContext,
    demands: readonly Demand[],
    pending: Promise<Decision | undefined>,
  ): Promise<GatewayError | undefined> {
    const begun = this.parts.now();
    const decision = await pending;
    const now = this.parts.now();
    call.rateLimitMs = now - begun;
    if (decision !== undefined) return this.conclude(call, decision, 'allowed');
    return this.conclude(call, decideLocally(demands, now), 'fail_open');
  }

  private demandsOf(call: CallContext, sender: Sender, now: number, stores: BucketSources = this.stores): Demand[] {
    const { principal, policy, tenantId } = call;
    const demands: Demand[] = [];
    if (policy === undefined) return demands;
    const { tenant, user, route } = stores;
    const { cost, rates } = policy;
    if (principal !== undefined) {
      demands.push({ bucket: tenant.get(tenantId, now), limit: this.parts.plans.of(tenantId), cost });
      if (this.userLimit !== undefined) {
        demands.push({
          bucket: user.get(`${tenantId.length} ${tenantId} ${principal.subject}`, now),
          limit: this.userLimit,
          cost,
        });
      }
    }
    for (const [index, rate] of rates.entries()) {
      if (rate.key !== undefined) continue;
      const owner = principal === undefined ? clientKey(sender.clientAddress) : tenantId;
      const name = `${call.method?.path ?? call.routeLabel}${index === 0 ? '' : `#${index}`}`;
      demands.push({ bucket: route.get(`${name} ${owner}`, now), limit: this.routeLimit(rate), cost: 1 });
    }
    return demands;
  }

  /** Returns the limit of a policy, created at its first use. */
  private routeLimit(rate: Parameters<typeof clusterLimit>[1]): ClusterLimit {
    let limit = this.routeLimits.get(rate);
    if (limit === undefined) {
      this.routeLimits.set(rate, (limit = clusterLimit('route', rate, this.parts.config.replicas)));
    }
    return limit;
  }

  private conclude(
    call: CallContext,
    { admitted, store, buckets }: Decision,
    whenAdmitted: RateLimitOutcome,
  ): GatewayError | undefined {
    const { metrics, random } = this.parts;
    const outcome = admitted ? whenAdmitted : this.dryRun ? 'dry_run' : 'denied';
    for (const { scope, waitMs } of buckets) if (admitted || waitMs > 0) metrics.count(scope, outcome);
    const verdict = { outcome, store, buckets } as const;
    call.rateLimit = verdict;
    if (outcome !== 'denied') return undefined;
    if (call.tenantId !== '') metrics.countDenied(call.tenantId);
    return rateLimited(verdict, random);
  }
}
