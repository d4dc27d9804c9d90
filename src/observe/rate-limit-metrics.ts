import { Counter, Gauge, type Registry } from 'prom-client';
import {
  RATE_LIMIT_OUTCOMES,
  RATE_LIMIT_SCOPES,
  type RateLimitOutcome,
  type RateLimitScope,
} from '../domain/rate-limit.js';

/** Maximum number of tenants with a series of their own; the rest share one. */
const MAX_TENANTS = 200;
const OTHER_TENANTS = '_other';

/** Number of buckets of a kind, and its maximum. */
export interface LimiterSize {
  readonly active: () => number;
  readonly max: number;
  /** Returns the number of buckets dropped so far for lack of room. */
  readonly evicted: () => number;
}

/**
 * Metrics of the rate limits. Every request is counted several times, so the counts are plain numbers until they are
 * scraped.
 */
export class RateLimitMetrics {
  private readonly counts = byScope(() => byOutcome());
  private readonly sizes = new Map<RateLimitScope, LimiterSize>();
  private readonly tenants = new Set<string>();
  private readonly denied: Counter<'tenant'>;
  private readonly errors: Counter<'store'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.denied = new Counter({
      name: 'rate_limit_denied_by_tenant_total',
      help: 'Requests denied to callers of a tenant.',
      labelNames: ['tenant'],
      registers,
    });
    this.errors = new Counter({
      name: 'rate_limit_store_errors_total',
      help: 'Number of times that the shared store did not respond in time.',
      labelNames: ['store'],
      registers,
    });
    this.errors.inc({ store: 'redis' }, 0);
    this.registerCounts(registers);
    this.registerSizes(registers);
  }

  count(scope: RateLimitScope, outcome: RateLimitOutcome): void {
    this.counts[scope][outcome] += 1;
  }

  countDenied(tenant: string): void {
    if (this.tenants.size < MAX_TENANTS) this.tenants.add(tenant);
    this.denied.inc({ tenant: this.tenants.has(tenant) ? tenant : OTHER_TENANTS });
  }

  /** Returns the tenants with the most denials since the start. */
  async mostDenied(count: number): Promise<{ readonly tenantId: string; readonly denied: number }[]> {
    const { values } = await this.denied.get();
    const tenants = values.map(({ labels, value }) => ({ tenantId: String(labels.tenant), denied: value }));
    return tenants.sort((one, other) => other.denied - one.denied).slice(0, count);
  }

  countStoreError(store: 'redis'): void {
    this.errors.inc({ store });
  }

  watch(scope: RateLimitScope, size: LimiterSize): void {
    this.sizes.set(scope, size);
  }

  private registerCounts(registers: Registry[]): void {
    const { counts } = this;
    new Counter({
      name: 'rate_limit_requests_total',
      help: 'Decisions of the rate limits, one for each bucket of a request. fail_open: the shared store did not respond, and the instance admitted by its own count, against its share of the limit.',
      labelNames: ['scope', 'outcome'],
      registers,
      collect() {
        this.reset();
        for (const scope of RATE_LIMIT_SCOPES) {
          for (const outcome of RATE_LIMIT_OUTCOMES) this.inc({ scope, outcome }, counts[scope][outcome]);
        }
      },
    });
  }

  private registerSizes(registers: Registry[]): void {
    const { sizes } = this;
    new Counter({
      name: 'rate_limit_evicted_limiters_total',
      help: 'Buckets dropped for lack of room: their owners start again with a full bucket.',
      labelNames: ['scope'],
      registers,
      collect() {
        this.reset();
        for (const [scope, { evicted }] of sizes) this.inc({ scope }, evicted());
      },
    });
    new Gauge({
      name: 'rate_limit_active_limiters',
      help: 'Buckets in memory.',
      labelNames: ['scope'],
      registers,
      collect() {
        for (const [scope, { active }] of sizes) this.set({ scope }, active());
      },
    });
    new Gauge({
      name: 'rate_limit_max_limiters',
      help: 'Maximum number of buckets in memory; beyond it the least recently used one is dropped.',
      labelNames: ['scope'],
      registers,
      collect() {
        for (const [scope, { max }] of sizes) this.set({ scope }, max);
      },
    });
  }
}

function byScope<T>(make: () => T): Record<RateLimitScope, T> {
  return { ip: make(), tenant: make(), user: make(), route: make() };
}

function byOutcome(): Record<RateLimitOutcome, number> {
  return { allowed: 0, denied: 0, fail_open: 0, dry_run: 0 };
}
