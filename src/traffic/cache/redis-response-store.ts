import { randomInt } from 'node:crypto';
import { redisKey } from '../../redis/keys.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import type { AeadCipher } from '../../redis/aead-cipher.js';
import type { CachedAnswer, CacheKey, Lookup, ResponseStore } from './cached-answer.js';
import type { MemoryResponseStore } from './memory-response-store.js';

/** When it becomes stale, and its generation. */
const HEAD_BYTES = 16;
const MARKS = 2 ** 48 - 1;
/** The clocks of the instances may differ by so much. */
const SLACK_MS = 5_000;

/**
 * Answers that the instances share, sealed, under `cache:`, so that clearing that prefix clears them everywhere. Each is
 * also kept in memory, which stands in while Redis is away. A write leaves a mark in each of its groups there, which are
 * read along with each answer.
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

  set(key: CacheKey, answer: CachedAnswer, lifeMs: number): void {
    this.memory.set(key, answer, lifeMs);
    const name = redisKey('cache', key.name);
    const stored = this.cipher.sealBytes(name, pack(answer));
    const write = this.redis.run((redis) => redis.set(name, stored, 'PX', Math.ceil(lifeMs)));
    // Its connection tells that Redis is away; an answer that is not kept costs one call more.
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

/** Marks of tenants and those of whole services have names of their own. */
function markKey(group: string): string {
  return redisKey('cache', `${group.includes('/') ? 'writes' : 'written'}:${group}`);
}

/** Of random marks, so that it changes with each of them. A missing one is 0; NaN, which no answer has, for what is none. */
function sumOf(marks: readonly (Buffer | null | undefined)[]): number {
  return marks.reduce((sum, mark) => sum + (mark ? Number(mark.toString()) : 0), 0);
}

function pack({ body, freshUntil, generation }: CachedAnswer): Buffer {
  const packed = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  packed.writeDoubleBE(freshUntil, 0);
  packed.writeDoubleBE(generation.shared, 8);
  packed.set(body, HEAD_BYTES);
  return packed;
}

/** Undefined for what was not sealed for this key: cut off, changed, moved from another key, or somebody else's. */
function unpack(packed: Buffer | undefined, own: number): CachedAnswer | undefined {
  if (packed === undefined || packed.length < HEAD_BYTES) return undefined;
  const generation = { own, shared: packed.readDoubleBE(8) };
  return { freshUntil: packed.readDoubleBE(0), generation, body: packed.subarray(HEAD_BYTES) };
}
