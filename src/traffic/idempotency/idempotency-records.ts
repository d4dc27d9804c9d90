import type { GatewayConfig } from '../../config/gateway-config.js';
import { redisKey } from '../../redis/keys.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import { type IdempotencyRecord, type KeptAnswer, packRecord, unpackRecord } from './idempotency-record.js';
import { MemoryRecordStore } from './memory-record-store.js';

/** Settings that the records depend on. */
export type IdempotencySettings = Pick<GatewayConfig, 'idempotency' | 'timeouts' | 'responseCache'>;

/** Beyond the longest request: after it, whoever had begun is gone. */
const SLACK_MS = 5_000;

/** Where records are kept. Rejects when they cannot be had. */
export interface RecordStore {
  /** Keeps a record unless there is one, which is returned then. */
  add(key: string, record: string, lifeMs: number): Promise<string | undefined>;
  replace(key: string, record: string, lifeMs: number): Promise<void>;
  remove(key: string): Promise<void>;
}

/** A key that was taken: ends with one of its methods. Neither rejects. */
export interface Claim {
  /** Later requests with the key get this answer. One too large to keep is as good as none. */
  keep(answer: KeptAnswer): Promise<void>;
  /** The key is free again: what it was taken for came to nothing. */
  release(): Promise<void>;
}

/** Keys of requests that may be sent again without being done again: 24 h in Redis, else in this process. */
export class IdempotencyRecords {
  private readonly memory: RecordStore;
  private readonly redis: RecordStore | undefined;

  constructor(
    private readonly settings: IdempotencySettings,
    redis: RedisConnections | undefined,
  ) {
    this.memory = new MemoryRecordStore(settings.idempotency.maxBytes);
    this.redis = redis && redisStore(redis);
  }

  /** Takes a key for a request; a record, if the key is in use. While Redis is away, each instance knows its own keys only. */
  async claim(key: string, fingerprint: string): Promise<Claim | IdempotencyRecord> {
    if (this.redis === undefined) return this.claimIn(this.memory, key, fingerprint);
    try {
      return await this.claimIn(this.redis, key, fingerprint);
    } catch {
      return this.claimIn(this.memory, key, fingerprint);
    }
  }

  private async claimIn(store: RecordStore, key: string, fingerprint: string): Promise<Claim | IdempotencyRecord> {
    const pending = packRecord({ fingerprint, answer: undefined });
    const found = await store.add(key, pending, this.settings.timeouts.requestMs + SLACK_MS);
    const record = found === undefined ? undefined : unpackRecord(found);
    if (record !== undefined) return record;
    if (found !== undefined) await store.replace(key, pending, this.settings.timeouts.requestMs + SLACK_MS);
    return this.claimOf(store, key, fingerprint);
  }

  private claimOf(store: RecordStore, key: string, fingerprint: string): Claim {
    const { idempotency, responseCache } = this.settings;
    const quietly = (work: Promise<void>) => work.catch(() => undefined);
    return {
      keep: (answer) =>
        answer.body.length > responseCache.maxEntryBytes
          ? quietly(store.remove(key))
          : quietly(store.replace(key, packRecord({ fingerprint, answer }), idempotency.ttlMs)),
      release: () => quietly(store.remove(key)),
    };
  }
}

function redisStore(redis: RedisConnections): RecordStore {
  const nameOf = (key: string) => redisKey('idempotency', key);
  return {
    add: (key, record, lifeMs) =>
      redis.run(async (client) => (await client.set(nameOf(key), record, 'PX', lifeMs, 'NX', 'GET')) ?? undefined),
    replace: (key, record, lifeMs) =>
      redis.run(async (client) => void (await client.set(nameOf(key), record, 'PX', lifeMs))),
    remove: (key) => redis.run(async (client) => void (await client.del(nameOf(key)))),
  };
}
