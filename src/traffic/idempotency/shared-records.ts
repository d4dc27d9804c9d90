import { redisKey } from '../../redis/keys.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import { RedisScript } from '../../redis/redis-script.js';
import type { AeadCipher } from '../../redis/aead-cipher.js';
import { type IdempotencyRecord, packRecord, unpackRecord } from './idempotency-record.js';

/**
 * Time in which a store that has lost its memory hands out no key: longer than an instance takes to reconnect and
 * restore its own.
 */
const RESTORE_MS = 2_500;
/** Key of the time of first use since the store was empty, in ms of its clock. */
const SINCE_KEY = redisKey('idempotency', 'since');

/** Takes a free key. Returns the record that holds it, a number of ms to wait, or nothing. */
const CLAIM = new RedisScript(`
  local found = redis.call('get', KEYS[1])
  if found then return found end
  local time = redis.call('time')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local since = tonumber(redis.call('get', KEYS[2]) or '')
  if not since then
    redis.call('set', KEYS[2], string.format('%.0f', now))
    since = now
  end
  local wait = since + ARGV[3] - now
  if wait > 0 and wait <= tonumber(ARGV[3]) then return wait end
  redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
`);

/** Replaces exactly the given record; where ARGV[4] is 1, also writes where there is none. */
const REPLACE = new RedisScript(`
  local found = redis.call('get', KEYS[1])
  if found ~= ARGV[1] and not (not found and ARGV[4] == '1') then return 0 end
  redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3])
  return 1
`);

const REMOVE = new RedisScript("if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end");

/** Outcome of a claim: the record that holds the key, ms to wait, or `claimed`. */
export type ClaimOutcome = IdempotencyRecord | number | 'claimed';

/**
 * Records that the instances share in Redis, encrypted because they hold responses to clients. Every change names
 * what it replaces, so that a command that Redis carries out late, after a pause, has no effect. Methods reject with
 * RedisUnavailable.
 */
export class SharedRecords {
  constructor(
    private readonly redis: RedisConnections,
    private readonly cipher: AeadCipher,
  ) {
    // A store that is empty when this instance starts is assumed to have lost nothing.
    redis.run((client) => client.set(SINCE_KEY, 0, 'NX')).catch(() => undefined);
  }

  /** Returns the record as it is stored, encrypted for its key. */
  seal(key: string, record: IdempotencyRecord): string {
    return this.cipher.seal(nameOf(key), packRecord(record));
  }

  /**
   * Takes a key for an encrypted record. Replaces unreadable records, and those that `isMine` identifies as left over
   * from this instance.
   */
  async claim(
    key: string,
    { claimed, lifeMs }: { readonly claimed: string; readonly lifeMs: number },
    isMine: (record: IdempotencyRecord) => boolean,
  ): Promise<ClaimOutcome> {
    const keys = [nameOf(key), SINCE_KEY];
    const found = await this.redis.run((redis) => CLAIM.run(redis, keys, [claimed, lifeMs, RESTORE_MS]));
    if (typeof found === 'number') return found;
    if (typeof found !== 'string') return 'claimed';
    const record = this.read(key, found);
    if (record !== undefined && !isMine(record)) return record;
    // Two requests may find it concurrently: one of them replaces it, and the other finds the new record.
    if (await this.replace(key, found, { next: claimed, lifeMs })) return 'claimed';
    return this.claim(key, { claimed, lifeMs }, isMine);
  }

  /** Looks up the record of a key, for a store that accepts no writes. */
  async find(key: string): Promise<IdempotencyRecord | undefined> {
    const found = await this.redis.run((redis) => redis.get(nameOf(key)));
    return found === null ? undefined : this.read(key, found);
  }

  /** Replaces a claim with a record, or writes nothing. */
  async restore(key: string, claimed: string, record: { readonly next: string; readonly lifeMs: number }) {
    await this.replace(key, claimed, record, true);
  }

  /** Frees a key, unless it has passed to another request. */
  async release(key: string, claimed: string): Promise<void> {
    await this.redis.run((redis) => REMOVE.run(redis, [nameOf(key)], [claimed]));
  }

  /** Calls `listener` when the store is back after an outage, possibly without its former content. */
  onRecovery(listener: () => void): void {
    this.redis.onRecovery(listener);
  }

  /** Resolves to whether the store is available; waits for one that went down less than `ms` ago. */
  recovered(ms: number): Promise<boolean> {
    return this.redis.recovered(ms);
  }

  private async replace(
    key: string,
    found: string,
    { next, lifeMs }: { readonly next: string; readonly lifeMs: number },
    orMissing = false,
  ): Promise<boolean> {
    const values = [found, next, Math.ceil(lifeMs), orMissing ? '1' : '0'];
    return (await this.redis.run((redis) => REPLACE.run(redis, [nameOf(key)], values))) === 1;
  }

  private read(key: string, sealed: string): IdempotencyRecord | undefined {
    const text = this.cipher.open(nameOf(key), sealed);
    return text === undefined ? undefined : unpackRecord(text);
  }
}

function nameOf(key: string): string {
  return redisKey('idempotency', key);
}
