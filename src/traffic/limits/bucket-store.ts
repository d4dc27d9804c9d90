import { makeRoom } from '../../domain/make-room.js';
import { redisKey } from '../../redis/keys.js';
import type { RateLimitScope } from '../../domain/rate-limit.js';
import type { Lease } from './lease.js';

/** Precision of the order of use: moving an entry at each request would cost more than the check itself. */
const TOUCH_MS = 1000;

/** One token bucket. Times are in ms of the limiter's clock. */
export class Bucket {
  /** When it will be full again, by the requests that this instance admitted. */
  fullAt = 0;
  usedAt = 0;
  /** State in the shared store, once it was asked. */
  lease: Lease | undefined;

  constructor(
    /** Its name in the shared store. */
    readonly storeKey: string,
  ) {}
}

/** Holds the buckets of one kind by their owner. When full, the least recently used one is dropped. */
export class BucketStore {
  private readonly buckets = new Map<string, Bucket>();
  private drops = 0;

  constructor(
    private readonly scope: RateLimitScope,
    private readonly maxKeys: number,
  ) {}

  get size(): number {
    return this.buckets.size;
  }

  /** Returns the number of entries dropped so far because the store was full. */
  get evicted(): number {
    return this.drops;
  }

  /** Returns the bucket of an owner, a full one if there was none. */
  get(owner: string, now: number): Bucket {
    const bucket = this.buckets.get(owner);
    if (bucket === undefined) return this.add(owner, now);
    if (now - bucket.usedAt >= TOUCH_MS) {
      this.buckets.delete(owner);
      this.buckets.set(owner, bucket);
      bucket.usedAt = now;
    }
    return bucket;
  }

  /**
   * Removes buckets that were not used for `idleMs` and are full, and so hold no information. Returns their number.
   */
  removeIdle(now: number, idleMs: number): number {
    let removed = 0;
    for (const [owner, { usedAt, fullAt }] of this.buckets) {
      if (now - usedAt < idleMs) break;
      if (fullAt > now) continue;
      this.buckets.delete(owner);
      removed += 1;
    }
    return removed;
  }

  /**
   * Returns the bucket of an owner without counting as a use; undefined when there is none, which means a full one.
   */
  peek(owner: string): Bucket | undefined {
    return this.buckets.get(owner);
  }

  /** Lists owners with their buckets, the least recently used first. */
  entries(): IterableIterator<[owner: string, bucket: Bucket]> {
    return this.buckets.entries();
  }

  private add(owner: string, now: number): Bucket {
    this.drops += makeRoom(this.buckets, this.maxKeys);
    const bucket = new Bucket(redisKey('limit', `${this.scope}:${owner}`));
    bucket.usedAt = now;
    this.buckets.set(owner, bucket);
    return bucket;
  }
}
