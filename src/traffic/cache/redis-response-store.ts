import { randomInt } from 'node:crypto';
import { redisKey } from '../../redis/keys.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import type { SealedBox } from '../../redis/sealed-box.js';
import type { CachedAnswer, CacheKey, Lookup, ResponseStore } from './cached-answer.js';
import type { MemoryResponseStore } from './memory-response-store.js';

/** When it becomes stale, and its generation. */
const HEAD_BYTES = 16;
const MARKS = 2 ** 48 - 1;
/** The clocks of the instances may differ by so much. */
const SLACK_MS = 5_000;

/**
 * Answers that the instances share, sealed, under `cache:`, so that clearing that prefix clears them everywhere. Each is
 * also kept in memory, which stands in while Redis is away. A write of a group leaves a mark there, which is read along
 * with each answer.
 */
export class RedisResponseStore implements ResponseStore {
  constructor(
    private readonly redis: RedisConnections,
    private readonly box: SealedBox,
    private readonly memory: MemoryResponseStore,
  ) {}

  async get(key: CacheKey): Promise<Lookup> {
    const standIn = this.memory.get(key);
    const name = redisKey('cache', key.name);
    try {
      const names = key.group === '' ? [name] : [name, markKey(key.group)];
      const [stored, mark] = await this.redis.run((redis) => redis.mgetBuffer(...names));
      const generation = { own: standIn.generation.own, shared: readMark(mark) };
      if (!stored) return { answer: undefined, isOutdated: false, generation, failed: false };
      const answer = unpack(this.box.openBytes(name, stored), generation.own);
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
    const stored = this.box.sealBytes(name, pack(answer));
    const write = this.redis.run((redis) => redis.set(name, stored, 'PX', Math.ceil(lifeMs)));
    // Its connection tells that Redis is away; an answer that is not kept costs one call more.
    write.catch(() => undefined);
  }

  async outdate(group: string, freshMs: number): Promise<void> {
    this.memory.outdate(group);
    const mark = randomInt(1, MARKS);
    const write = this.redis.run((redis) => redis.set(markKey(group), mark, 'PX', Math.ceil(freshMs + SLACK_MS)));
    // Without Redis each instance knows its own writes.
    await write.catch(() => undefined);
  }
}

function markKey(group: string): string {
  return redisKey('cache', `written:${group}`);
}

/** 0 without a mark; NaN, which no answer has, for what is none. */
function readMark(mark: Buffer | null | undefined): number {
  return mark ? Number(mark.toString()) : 0;
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
