import { redisKey } from '../redis/keys.js';
import type { RedisConnections } from '../redis/redis-connections.js';
import { RedisScript } from '../redis/redis-script.js';
import { MAX_MEMBERS, type Peeked, SessionStore } from './session-store.js';

/** Number of commands that are sent together. */
const BATCH = 100;
/** Member that is never removed, so that a set without other members is still known. */
const KNOWN = '-';

const RELEASE = new RedisScript("if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end");

/** Adds a member with the time in seconds as score, removes members older than the set's lifetime, keeps the newest. */
const NOTE = new RedisScript(`
  local time = redis.call('time')
  local now = time[1] + time[2] / 1000000
  redis.call('zadd', KEYS[1], now, ARGV[1], '+inf', '${KNOWN}')
  redis.call('zremrangebyscore', KEYS[1], '-inf', now - ARGV[2] / 1000)
  redis.call('zremrangebyrank', KEYS[1], 0, -2 - tonumber(ARGV[3]))
  return redis.call('pexpire', KEYS[1], ARGV[2])
`);

/** Stores sessions in Redis, shared by all instances. */
export class RedisStore extends SessionStore {
  constructor(private readonly redis: RedisConnections) {
    super();
  }

  override async read(key: string, slideMs: number): Promise<string | undefined> {
    return (await this.redis.run((redis) => redis.getex(nameOf(key), 'PX', slideMs))) ?? undefined;
  }

  override count(): undefined {
    return undefined;
  }

  override async peek(key: string): Promise<Peeked | undefined> {
    const name = nameOf(key);
    const [value, endsInMs] = await this.redis.run((redis) => Promise.all([redis.get(name), redis.pttl(name)]));
    return value === null ? undefined : { value, endsInMs: Math.max(0, endsInMs) };
  }

  override async have(keys: readonly string[]): Promise<readonly boolean[]> {
    const found: boolean[] = [];
    for (let at = 0; at < keys.length; at += BATCH) {
      const batch = keys.slice(at, at + BATCH).map(nameOf);
      const counts = await this.redis.run((redis) => Promise.all(batch.map((name) => redis.exists(name))));
      found.push(...counts.map((count) => count === 1));
    }
    return found;
  }

  override async write(key: string, value: string, lifeMs: number): Promise<void> {
    await this.redis.run((redis) => redis.set(nameOf(key), value, 'PX', lifeMs));
  }

  override async replace(key: string, value: string): Promise<boolean> {
    return (await this.redis.run((redis) => redis.set(nameOf(key), value, 'KEEPTTL', 'XX'))) !== null;
  }

  override async take(key: string): Promise<string | undefined> {
    return (await this.redis.run((redis) => redis.getdel(nameOf(key)))) ?? undefined;
  }

  override async claim(key: string, holder: string, lifeMs: number): Promise<boolean> {
    return (await this.redis.run((redis) => redis.set(nameOf(key), holder, 'PX', lifeMs, 'NX'))) !== null;
  }

  override async release(key: string, holder: string): Promise<void> {
    await this.redis.run((redis) => RELEASE.run(redis, [nameOf(key)], [holder]));
  }

  override async note(set: string, member: string, lifeMs: number): Promise<void> {
    await this.redis.run((redis) => NOTE.run(redis, [nameOf(set)], [member, lifeMs, MAX_MEMBERS]));
  }

  override async forget(set: string, member: string): Promise<void> {
    await this.redis.run((redis) => redis.zrem(nameOf(set), member));
  }

  override async noted(set: string): Promise<readonly string[] | undefined> {
    const members = await this.redis.run((redis) => redis.zrange(nameOf(set), '0', '-1'));
    return members.length === 0 ? undefined : members.filter((member) => member !== KNOWN);
  }
}

function nameOf(key: string): string {
  return redisKey('session', key);
}
