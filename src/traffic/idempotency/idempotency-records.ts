import type { GatewayConfig } from '../../config/gateway-config.js';
import { type IdempotencyRecord, type KeptAnswer, packRecord, unpackRecord } from './idempotency-record.js';
import { MemoryRecordStore } from './memory-record-store.js';
import type { RecordStore } from './record-store.js';

/** Settings that the records depend on. */
export type IdempotencySettings = Pick<GatewayConfig, 'idempotency' | 'timeouts' | 'responseCache'>;

/** Beyond the longest request: after it, whoever had begun is gone. */
const SLACK_MS = 5_000;

/** A key that was taken: ends with one of its methods. Neither rejects. */
export interface Claim {
  /** Later requests with the key get this answer. One too large to keep is as good as none. */
  keep(answer: KeptAnswer): Promise<void>;
  /** The key is free again: what it was taken for came to nothing. */
  release(): Promise<void>;
}

/** Keys of requests that may be sent again without being done again: for 24 h, shared by the instances or in this process alone. */
export class IdempotencyRecords {
  private readonly memory: MemoryRecordStore;

  /** @param shared where the instances keep them together, if they do. */
  constructor(
    private readonly settings: IdempotencySettings,
    private readonly shared: RecordStore | undefined,
  ) {
    this.memory = new MemoryRecordStore(settings.idempotency.maxBytes);
  }

  /** Memory that the keys of this process take. */
  get bytes(): number {
    return this.memory.bytes;
  }

  /** Takes a key for a request; a record, if the key is in use. While Redis is away, each instance knows its own keys only. */
  async claim(key: string, fingerprint: string): Promise<Claim | IdempotencyRecord> {
    if (this.shared === undefined) return this.claimIn(this.memory, key, fingerprint);
    try {
      return await this.claimIn(this.shared, key, fingerprint);
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
    const release = () => store.remove(key).catch(() => undefined);
    return {
      release,
      keep: (answer) => {
        if (answer.body.length > responseCache.maxEntryBytes) return release();
        const record = packRecord({ fingerprint, answer });
        // Redis may have gone away since the key was taken; this instance at least knows what it has done.
        const here = () => this.memory.replace(key, record, idempotency.ttlMs);
        return store.replace(key, record, idempotency.ttlMs).catch(here);
      },
    };
  }
}
