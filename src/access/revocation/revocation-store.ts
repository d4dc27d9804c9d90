import type { Redis } from 'ioredis';
import type { Principal } from '../../domain/principal.js';
import { redisKey } from '../../redis/keys.js';
import { RedisScript } from '../../redis/redis-script.js';
import { parseRecord, parseToken, parseVersion, type RevocationRecord } from './revocation-record.js';
import { isBelow, type VersionOwner } from './token-versions.js';

/** Sorted set of revoked tokens: member `jti`, score `exp`. */
export const TOKENS_KEY = redisKey('revoked', 'tokens');
/** Hash of minimum token versions: field `subject:<id>` or `tenant:<id>`. */
export const VERSIONS_KEY = redisKey('revoked', 'versions');
/** Stream of changes. */
export const FEED_KEY = redisKey('revoked', 'feed');

const PAGE = 1000;
const FEED_LENGTH = 10_000;
/** Time for which revoked tokens are kept after their `exp`; longer than any clock tolerance. */
const KEEP_SECONDS = 600;

/** Changes set and stream atomically: a gateway that starts in between would otherwise miss the token in both. */
const PUBLISH = new RedisScript(`
redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
return redis.call('XADD', KEYS[2], 'MAXLEN', '~', ${FEED_LENGTH}, '*', 'jti', ARGV[1], 'exp', ARGV[2])
`);

/** Entry of the feed. */
export interface FeedEntry {
  readonly id: string;
  /** Time at which Redis added it, in Unix ms. */
  readonly at: number;
  /** Undefined if it is invalid. */
  readonly record: RevocationRecord | undefined;
}

type TakeRecord = (record: RevocationRecord | undefined) => void;

/** Adds a revoked token to the set and publishes it. */
export async function publishToken(redis: Redis, tokenId: string, expiresAt: number): Promise<void> {
  const oldest = Math.floor(Date.now() / 1000) - KEEP_SECONDS;
  await PUBLISH.run(redis, [TOKENS_KEY, FEED_KEY], [tokenId, expiresAt, oldest]);
}

/** Restores tokens that the store has lost. They are not published again: gateways that followed the feed know them. */
export async function restoreTokens(redis: Redis, tokens: readonly (readonly [string, number])[]): Promise<void> {
  for (let at = 0; at < tokens.length; at += PAGE) {
    const page = tokens.slice(at, at + PAGE).flatMap(([tokenId, expiresAt]) => [expiresAt, tokenId]);
    await redis.zadd(TOKENS_KEY, 'GT', ...page);
  }
}

/** Restores a version that the store has lost, unless a newer one was set in the meantime. */
export async function restoreVersion(redis: Redis, owner: VersionOwner, id: string, version: number): Promise<void> {
  await redis.hsetnx(VERSIONS_KEY, `${owner}:${id}`, version);
}

/** Reads the entries after a position: returns immediately if there are any, and an empty list after `blockMs`. */
export async function readFeed(redis: Redis, position: string, blockMs: number): Promise<readonly FeedEntry[]> {
  const streams = await redis.xread('COUNT', PAGE, 'BLOCK', blockMs, 'STREAMS', FEED_KEY, position);
  const nowSeconds = Date.now() / 1000;
  return (streams?.[0]?.[1] ?? []).map(([id, fields]) => {
    return { id, at: Number.parseInt(id, 10), record: parseRecord(fields, nowSeconds) };
  });
}

/**
 * Reads the tokens whose `exp` is not before `since`, until `isEnough`. Uses the cursor of ZSCAN, which returns every
 * member that stays in the set: an offset or a score shifts when a token is extended or added meanwhile.
 */
export async function readTokens(
  redis: Redis,
  since: number,
  take: TakeRecord,
  isEnough: () => boolean,
): Promise<void> {
  let cursor = '0';
  do {
    const [next, page] = await redis.zscan(TOKENS_KEY, cursor, 'COUNT', PAGE);
    const nowSeconds = Date.now() / 1000;
    for (let at = 0; at < page.length; at += 2) {
      const record = parseToken(page[at] ?? '', page[at + 1] ?? '', nowSeconds);
      if (record?.kind !== 'token' || record.expiresAt >= since) take(record);
    }
    cursor = next;
  } while (cursor !== '0' && !isEnough());
}

/** Returns the tokens that the set does not contain. */
export async function filterUnknown<T extends readonly [tokenId: string, ...unknown[]]>(
  redis: Redis,
  tokens: readonly T[],
): Promise<T[]> {
  const unknown: T[] = [];
  for (let at = 0; at < tokens.length; at += PAGE) {
    const page = tokens.slice(at, at + PAGE);
    const scores = await redis.zmscore(TOKENS_KEY, ...page.map(([tokenId]) => tokenId));
    unknown.push(...page.filter((_, index) => scores[index] === null));
  }
  return unknown;
}

/** Reads the versions, until `isEnough`. */
export async function readVersions(redis: Redis, take: TakeRecord, isEnough: () => boolean): Promise<void> {
  let cursor = '0';
  do {
    const [next, page] = await redis.hscan(VERSIONS_KEY, cursor, 'COUNT', PAGE);
    for (let at = 0; at < page.length; at += 2) take(parseVersion(page[at] ?? '', page[at + 1] ?? ''));
    cursor = next;
  } while (cursor !== '0' && !isEnough());
}

/** Removes tokens that have expired for every gateway. */
export async function cleanUp(redis: Redis): Promise<void> {
  await redis.zremrangebyscore(TOKENS_KEY, '-inf', Math.floor(Date.now() / 1000) - KEEP_SECONDS);
}

/** Resolves to true if the sorted set exists. */
export async function hasTokens(redis: Redis): Promise<boolean> {
  return (await redis.exists(TOKENS_KEY)) === 1;
}

/** Looks one credential up in the store: the `exp` of its revocation, and whether its token version is too low. */
export async function findCredential(
  redis: Redis,
  principal: Principal,
): Promise<{ readonly revokedUntil: number | undefined; readonly stale: boolean }> {
  const { tokenId, subject, tenantId } = principal;
  const [score, versions] = await Promise.all([
    tokenId === '' ? null : redis.zscore(TOKENS_KEY, tokenId),
    redis.hmget(VERSIONS_KEY, `subject:${subject}`, `tenant:${tenantId}`),
  ]);
  const least = Math.max(0, ...versions.map((version) => Number(version ?? 0) || 0));
  return { revokedUntil: score === null ? undefined : Number(score), stale: isBelow(principal, least) };
}
