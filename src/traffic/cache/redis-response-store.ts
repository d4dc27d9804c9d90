import { randomInt } from 'node:crypto';
import { redisKey } from '../../redis/keys.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import type { AeadCipher } from '../../redis/aead-cipher.js';
import type { CachedResponse, CacheKey, Lookup, ResponseStore } from './cached-response.js';
import type { MemoryResponseStore } from './memory-response-store.js';

/** Length of the header of a stored response: when it becomes stale, and its generation. */
const HEAD_BYTES = 16;
const MARKS = 2 ** 48 - 1;
/** Allowed difference between the clocks of the instances. */
const SLACK_MS = 5_000;

/**
 * Stores responses for all instances in Redis, encrypted, under `cache:`; deleting that prefix clears the cache of
 * all instances. Each response is also kept in memory, which is used while Redis is down. A write sets a random
 * marker for each of its groups in Redis, which is read together with each response.
 */
export class RedisResponseStore implements ResponseStore {
  constructor(
    private readonly redis: RedisConnections,
    private readonly cipher: AeadCipher,
    private readonly memory: MemoryResponseStore,
  ) {}

  async get(key: CacheKey): Promise<Lookup> {
    const standIn = this.memory.get(key);
    const name = redisKey('cache', key.name);
    try {
      const [stored, ...marks] = await this.redis.run((redis) => redis.mgetBuffer(name, ...key.groups.map(markKey)));
      const generation = { own: standIn.generation.own, shared: sumOf(marks) };
      if (!stored) return { answer: undefined, isOutdated: false, generation, failed: false };
      const answer = unpack(this.cipher.openBytes(name, stored), generation.own);
      if (answer === undefined) await this.redis.run((redis) => redis.del(name));
      const isOutdated = answer?.generation.shared !== generation.shared;
      return { answer, isOutdated, generation, failed: answer === undefined };
    } catch {
      return { ...standIn, failed: true };
    }
  }

  set(key: CacheKey, answer: CachedResponse, lifeMs: number): void {
    this.memory.set(key, answer, lifeMs);
    const name = redisKey('cache', key.name);
    const stored = this.cipher.sealBytes(name, pack(answer));
    const write = this.redis.run((redis) => redis.set(name, stored, 'PX', Math.ceil(lifeMs)));
    // The connection reports that Redis is down; a response that is not stored costs one more call.
    write.catch(() => undefined);
  }

  async invalidate(groups: readonly string[], freshMs: number): Promise<void> {
    this.memory.invalidate(groups);
    const lifeMs = Math.ceil(freshMs + SLACK_MS);
    const write = this.redis.run((redis) =>
      Promise.all(groups.map((group) => redis.set(markKey(group), randomInt(1, MARKS), 'PX', lifeMs))),
    );
    // Without Redis each instance knows its own writes.
    await write.catch(() => undefined);
  }
}

/** Returns the Redis key of a group; tenants and whole services have distinct prefixes. */
function markKey(group: string): string {
  return redisKey('cache', `${group.includes('/') ? 'writes' : 'written'}:${group}`);
}

/**
 * Adds up random markers, so that the sum changes with each of them. A missing marker is 0; an invalid one makes the
 * sum NaN, which no stored response has.
 */
function sumOf(marks: readonly (Buffer | null | undefined)[]): number {
  return marks.reduce((sum, mark) => sum + (mark ? Number(mark.toString()) : 0), 0);
}

function pack({ body, freshUntil, generation }: CachedResponse): Buffer {
  const packed = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  packed.writeDoubleBE(freshUntil, 0);
  packed.writeDoubleBE(generation.shared, 8);
  packed.set(body, HEAD_BYTES);
  return packed;
}

/**
 * Decrypts a stored response. Returns undefined for one that was not encrypted for this key: truncated, changed,
 * moved from another key, or written by somebody else.
 */
function unpack(packed: Buffer | undefined, own: number): CachedResponse | undefined {
  if (packed === undefined || packed.length < HEAD_BYTES) return undefined;
  const generation = { own, shared: packed.readDoubleBE(8) };
  return { freshUntil: packed.readDoubleBE(0), generation, body: packed.subarray(HEAD_BYTES) };
}
