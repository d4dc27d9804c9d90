import { z } from 'zod';
import { withTimeout } from '../../domain/loop-timeout.js';
import type { Principal } from '../../domain/principal.js';
import { redisKey } from '../../redis/keys.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import { RedisScript } from '../../redis/redis-script.js';
import type { AeadCipher } from '../../redis/aead-cipher.js';
import type { AuthCacheStore, SharedVerdict, CacheEntry } from './cache-entry.js';

/** Longest time that a request waits for the shared store, in ms. */
const READ_BUDGET_MS = 5;

const Stored = z.object({
  principal: z.object({
    subject: z.string().min(1),
    tenantId: z.string(),
    identityType: z.enum(['user', 'service']),
    authMethod: z.enum(['opaque', 'api_key', 'session']),
    issuer: z.string(),
    roles: z.array(z.string()),
    /** Absent if the credential does not state permissions; JSON has no undefined. */
    permissions: z.array(z.string()).optional(),
    /** Null if it does not expire; JSON has no Infinity. */
    expiresAt: z.number().nullable(),
    tokenId: z.string(),
  }),
  freshUntil: z.number(),
});

/** Marks a rejection; the Redis time in ms follows it. Sealed entries are base64 and never contain it. */
const REJECTED = '!';
/** Time in which a rejection wins over approvals, in ms: longer than a validation can take. */
const HOLD_MS = 30_000;

const CLOCK = `local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('get', KEYS[1])
local rejected = known and string.sub(known, 1, 1) == '${REJECTED}'`;

/** Stores an approval unless its validation may have begun before the stored rejection. */
const APPROVE = new RedisScript(`${CLOCK}
if rejected and now - tonumber(string.sub(known, 2)) < ${HOLD_MS} then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1`);

const REJECT = new RedisScript(`${CLOCK}
local value = string.format('${REJECTED}%.0f', now)
if rejected then return redis.call('set', KEYS[1], value, 'keepttl') end
return redis.call('set', KEYS[1], value, 'px', known and ARGV[1] or ${HOLD_MS})`);

/**
 * Stores entries in Redis, encrypted and bound to the hash of their credential, so that a new instance can use them
 * during an outage of AuthService.
 */
export class RedisAuthCacheStore implements AuthCacheStore {
  constructor(
    private readonly redis: RedisConnections,
    private readonly cipher: AeadCipher,
  ) {}

  async get(key: string): Promise<SharedVerdict | undefined> {
    const name = redisKey('auth', key);
    const value = await withTimeout(READ_BUDGET_MS, this.read(name)).catch(() => null);
    if (value === null) return undefined;
    if (value.startsWith(REJECTED)) return 'rejected';
    const found = parse(this.cipher.open(name, value));
    if (found === undefined) void this.answers(this.redis.run((redis) => redis.del(name)));
    return found;
  }

  async isRejected(key: string): Promise<boolean> {
    return (await this.read(redisKey('auth', key)))?.startsWith(REJECTED) === true;
  }

  async set(key: string, { principal, freshUntil }: CacheEntry, ttlMs: number): Promise<void> {
    const name = redisKey('auth', key);
    const sealed = this.cipher.seal(name, JSON.stringify({ principal, freshUntil }));
    await this.answers(this.redis.run((redis) => APPROVE.run(redis, [name], [sealed, Math.ceil(ttlMs)])));
  }

  reject(key: string, lifeMs: number): Promise<boolean> {
    return this.answers(this.redis.run((redis) => REJECT.run(redis, [redisKey('auth', key)], [Math.ceil(lifeMs)])));
  }

  private read(name: string): Promise<string | null> {
    return this.redis.run((redis) => redis.get(name)).catch(() => null);
  }

  /** Swallows failures: the store is optional, and its connection reports outages. */
  private answers(work: Promise<unknown>): Promise<boolean> {
    return work.then(
      () => true,
      () => false,
    );
  }
}

/** Returns undefined for text that is not an entry: written by another program, or with another key. */
function parse(text: string | undefined): Exclude<SharedVerdict, string> | undefined {
  if (text === undefined) return undefined;
  const stored = Stored.safeParse(JSON.parse(text)).data;
  if (stored === undefined) return undefined;
  const { principal, freshUntil } = stored;
  const { permissions, expiresAt } = principal;
  return { principal: freeze({ ...principal, permissions, expiresAt: expiresAt ?? Infinity }), freshUntil };
}

function freeze(principal: Principal): Principal {
  Object.freeze(principal.roles);
  Object.freeze(principal.permissions);
  return Object.freeze(principal);
}
