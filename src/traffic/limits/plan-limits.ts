import type { RateLimitConfig } from '../../config/schema/rate-limit-settings.js';
import type { Entitlements, TenantEntitlements } from '../entitlements.js';
import { type ClusterLimit, clusterLimit } from './limit.js';

/** Holds the limit of each tenant by its plan, computed once for each response of TenantService. */
export class PlanLimits {
  private limits = new WeakMap<Entitlements, ClusterLimit>();
  private standard: ClusterLimit;

  constructor(
    private readonly entitlements: Pick<TenantEntitlements, 'known'>,
    private readonly config: Pick<RateLimitConfig, 'tenant' | 'replicas'>,
  ) {
    this.standard = clusterLimit('tenant', config.tenant, config.replicas);
  }

  /** Applies the rates of the settings as they are now. */
  reconfigure(): void {
    this.limits = new WeakMap();
    this.standard = clusterLimit('tenant', this.config.tenant, this.config.replicas);
  }

  /** Returns the limit of a tenant: that of the settings while its plan is unknown, or names no rate. */
  of(tenantId: string): ClusterLimit {
    const plan = this.entitlements.known(tenantId);
    if (plan === undefined || (plan.rateLimitRps === 0 && plan.rateLimitBurst === 0)) return this.standard;
    let limit = this.limits.get(plan);
    if (limit === undefined) this.limits.set(plan, (limit = this.limitOf(plan)));
    return limit;
  }

  private limitOf({ rateLimitRps, rateLimitBurst }: Entitlements): ClusterLimit {
    const { tenant, replicas } = this.config;
    const rate = { ...tenant, maxRate: rateLimitRps || tenant.maxRate, capacity: rateLimitBurst || tenant.capacity };
    return clusterLimit('tenant', rate, replicas);
  }
}
