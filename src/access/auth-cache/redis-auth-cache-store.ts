import { z } from 'zod';
import { withTimeout } from '../../domain/loop-timeout.js';
import type { Principal } from '../../domain/principal.js';
import { redisKey } from '../../redis/keys.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import type { SealedBox } from '../../redis/sealed-box.js';
import type { AuthCacheStore } from './auth-cache-store.js';
import type { CacheEntry } from './cache-entry.js';

/** Longest that a request waits for what another instance may know (row 000-73). */
const READ_BUDGET_MS = 5;

const Stored = z.object({
  principal: z.object({
    subject: z.string().min(1),
    tenantId: z.string(),
    identityType: z.enum(['user', 'service']),
    authMethod: z.enum(['opaque', 'api_key', 'session']),
    issuer: z.string(),
    roles: z.array(z.string()),
    /** Absent where the credential does not say; JSON has no undefined. */
    permissions: z.array(z.string()).optional(),
    /** Null where it has no end: JSON has no Infinity. */
    expiresAt: z.number().nullable(),
    tokenId: z.string(),
  }),
  freshUntil: z.number(),
});

type Found = Pick<CacheEntry, 'principal' | 'freshUntil'>;

/** Verdicts in Redis, encrypted under the hash of their credential, so that a new instance knows them while AuthService is away. */
export class RedisAuthCacheStore implements AuthCacheStore {
  constructor(
    private readonly redis: RedisConnections,
    private readonly box: SealedBox,
  ) {}

  async get(hash: string): Promise<Found | undefined> {
    const name = redisKey('auth', hash);
    const read = this.redis.run((redis) => redis.get(name));
    const sealed = await withTimeout(READ_BUDGET_MS, read).catch(() => null);
    if (sealed === null) return undefined;
    const found = parse(this.box.open(name, sealed));
    if (found === undefined) void this.delete(hash);
    return found;
  }

  async set(hash: string, { principal, freshUntil }: CacheEntry, ttlMs: number): Promise<void> {
    const name = redisKey('auth', hash);
    const sealed = this.box.seal(name, JSON.stringify({ principal, freshUntil }));
    await this.quietly(this.redis.run((redis) => redis.set(name, sealed, 'PX', Math.ceil(ttlMs))));
  }

  async delete(hash: string): Promise<void> {
    await this.quietly(this.redis.run((redis) => redis.del(redisKey('auth', hash))));
  }

  /** The store is a help and no more: that it cannot be reached is told by its connection. */
  private async quietly(work: Promise<unknown>): Promise<void> {
    await work.catch(() => undefined);
  }
}

/** Undefined for what is not an entry: it was written by somebody else, or with another key. */
function parse(text: string | undefined): Found | undefined {
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
