import { hash } from 'node:crypto';
import { redisKey } from '../../redis/keys.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import type { CachedAnswer, Lookup, ResponseStore } from './cached-answer.js';

const DIGEST_BYTES = 32;
const HEAD_BYTES = DIGEST_BYTES + 8;

/**
 * Answers that the instances share, under `cache:`, so that clearing that prefix clears them everywhere. Each is also
 * kept in memory, which stands in while Redis is away.
 */
export class RedisResponseStore implements ResponseStore {
  constructor(
    private readonly redis: RedisConnections,
    private readonly memory: ResponseStore,
  ) {}

  async get(key: string): Promise<Lookup> {
    const name = redisKey('cache', key);
    try {
      const stored = await this.redis.run((redis) => redis.getBuffer(name));
      if (stored === null) return { answer: undefined, failed: false };
      const answer = unpack(key, stored);
      if (answer === undefined) await this.redis.run((redis) => redis.del(name));
      return { answer, failed: answer === undefined };
    } catch {
      const { answer } = await this.memory.get(key);
      return { answer, failed: true };
    }
  }

  set(key: string, answer: CachedAnswer, lifeMs: number): void {
    this.memory.set(key, answer, lifeMs);
    const stored = pack(key, answer);
    const write = this.redis.run((redis) => redis.set(redisKey('cache', key), stored, 'PX', Math.ceil(lifeMs)));
    // Its connection tells that Redis is away; an answer that is not kept costs one call more.
    write.catch(() => undefined);
  }
}

/** A digest of key and content, when it becomes stale, the bytes. */
function pack(key: string, { body, freshUntil }: CachedAnswer): Buffer {
  const packed = Buffer.alloc(HEAD_BYTES + body.length);
  packed.writeDoubleBE(freshUntil, DIGEST_BYTES);
  packed.set(body, HEAD_BYTES);
  packed.set(digestOf(key, packed), 0);
  return packed;
}

/** Undefined for what is no answer to this key: cut off, changed, moved from another key, or somebody else's. */
function unpack(key: string, packed: Buffer): CachedAnswer | undefined {
  if (packed.length < HEAD_BYTES || !digestOf(key, packed).equals(packed.subarray(0, DIGEST_BYTES))) return undefined;
  return { freshUntil: packed.readDoubleBE(DIGEST_BYTES), body: packed.subarray(HEAD_BYTES) };
}

function digestOf(key: string, packed: Buffer): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(key), packed.subarray(DIGEST_BYTES)]), 'buffer');
}
