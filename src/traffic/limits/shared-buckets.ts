import { withTimeout } from '../../domain/loop-timeout.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import { bucketState, countLocally, type Decision, type Demand } from './decision.js';
import { Lease, LEASE_MS } from './lease.js';
import {
  readResult,
  type ScriptResult,
  type ScriptDemand,
  type ScriptGrant,
  scriptArguments,
  TAKE_TOKENS,
} from './limit-script.js';
import { effectiveCost } from './token-bucket.js';

/**
 * Share of the tokens per second that all instances together may hold ahead and lose. Each may hold two grants
 * concurrently, so the actual limit is at most twice this share lower, and never higher, than configured.
 */
const AHEAD_PART = 0.03;
/** Time in ms during which requests do not ask a store that was slow or failed. */
const PAUSE_MS = 500;

/** Dependencies of the shared buckets. */
export interface SharedOptions {
  readonly redis: Pick<RedisConnections, 'up' | 'run'>;
  readonly timeoutMs: number;
  readonly replicas: number;
  readonly now: () => number;
  /** Called when the store was slow or failed. */
  readonly onFailure: () => void;
}

/** Counts the buckets of all instances together, in Redis. */
export class SharedBuckets {
  private pauseUntil = 0;

  constructor(private readonly options: SharedOptions) {}

  /**
   * Decides in the shared store. Returns undefined while it is unavailable, which only one request waits to find out.
   * Never rejects.
   */
  decide(demands: readonly Demand[], now: number): Decision | undefined | Promise<Decision | undefined> {
    if (now < this.pauseUntil || !this.options.redis.up) return undefined;
    if (demands.every(({ bucket, cost }) => leaseOf(bucket).available(now) >= cost))
      return this.useLeases(demands, now);
    if (demands.some(({ bucket, cost }) => leaseOf(bucket).deniedFor(cost, now) > 0)) return denied(demands, now);
    return this.ask(demands);
  }

  private useLeases(demands: readonly Demand[], now: number): Decision {
    for (const demand of demands) {
      const lease = leaseOf(demand.bucket);
      lease.use(demand.cost);
      if (lease.isLow(now)) void this.askAhead(demand);
    }
    countLocally(demands, now);
    return admitted(demands, now);
  }

  /** Asks for what a request needs, and for some tokens more unless another request already does. */
  private async ask(demands: readonly Demand[]): Promise<Decision | undefined> {
    const asks = demands.map(({ bucket, limit, cost }) => this.toAsk(bucket, limit, effectiveCost(limit.whole, cost)));
    const answer = await this.send(asks);
    const now = this.options.now();
    asks.forEach((ask, index) => settle(ask, answer?.grants[index], now));
    if (answer === undefined) return undefined;
    if (!answer.admitted) {
      demands.forEach(({ bucket, cost }, index) => {
        const wait = answer.grants[index]?.waitMs ?? 0;
        if (wait > 0) leaseOf(bucket).deny(cost, wait, now);
      });
      return denied(demands, now);
    }
    countLocally(demands, now);
    return admitted(demands, now);
  }

  private async askAhead({ bucket, limit }: Demand): Promise<void> {
    const ask = this.toAsk(bucket, limit, 0);
    const answer = await this.send([ask]);
    settle(ask, answer?.grants[0], this.options.now());
  }

  private toAsk(bucket: Demand['bucket'], { whole }: Demand['limit'], need: number): Ask {
    const lease = leaseOf(bucket);
    const isAhead = !lease.isAsking;
    lease.isAsking = true;
    const partAhead = AHEAD_PART / this.options.replicas;
    const mostAhead = isAhead ? (LEASE_MS / whole.intervalMs) * partAhead : 0;
    const { intervalMs, capacity } = whole;
    return { lease, isAhead, key: bucket.storeKey, intervalMs, capacity, need, mostAhead, partAhead };
  }

  private async send(asks: readonly Ask[]): Promise<ScriptResult | undefined> {
    const keys = asks.map(({ key }) => key);
    const { redis, timeoutMs } = this.options;
    try {
      const work = redis.run((client) => TAKE_TOKENS.run(client, keys, scriptArguments(asks)));
      const answer = readResult(await withTimeout(timeoutMs, work), asks.length);
      if (answer !== undefined) return answer;
    } catch {
      // RedisUnavailable, of which the connections say why, once; or TimedOut.
    }
    this.pauseUntil = this.options.now() + PAUSE_MS;
    this.options.onFailure();
    return undefined;
  }
}

interface Ask extends ScriptDemand {
  readonly lease: Lease;
  /** True if this demand asks for tokens ahead. */
  readonly isAhead: boolean;
}

function settle({ lease, isAhead }: Ask, grant: ScriptGrant | undefined, now: number): void {
  if (isAhead) lease.isAsking = false;
  if (grant === undefined) return;
  lease.inStore = grant.left;
  if (isAhead) lease.grant(grant.ahead, now);
}

function leaseOf(bucket: Demand['bucket']): Lease {
  bucket.lease ??= new Lease();
  return bucket.lease;
}

function admitted(demands: readonly Demand[], now: number): Decision {
  return { store: 'global', admitted: true, buckets: demands.map((demand) => stateOf(demand, 0, now)) };
}

function denied(demands: readonly Demand[], now: number): Decision {
  const buckets = demands.map((demand) => stateOf(demand, leaseOf(demand.bucket).deniedFor(demand.cost, now), now));
  return { store: 'global', admitted: false, buckets };
}

function stateOf({ bucket, limit }: Demand, waitMs: number, now: number) {
  const lease = leaseOf(bucket);
  return bucketState(limit.whole, Math.min(limit.whole.capacity, lease.inStore + lease.available(now)), waitMs);
}
