import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { IdempotencyRecord, StoredResponse } from './idempotency-record.js';
import { type LocalRecord, LocalRecords } from './local-records.js';
import type { SharedRecords } from './shared-records.js';
import { WriteBack } from './write-back.js';

/** Settings that the records depend on. */
export type IdempotencySettings = Pick<GatewayConfig, 'idempotency' | 'timeouts' | 'responseCache'>;

/** Beyond the longest request: after it, whoever had begun is gone. */
const SLACK_MS = 5_000;
/** A store that has gone away for less than this is waited for: what it knows decides whether a request is done again. */
const OUTAGE_MS = 2_000;
/** Attempts at a store that answers, and fails or makes everybody wait: it takes no writes, or loses its memory again and again. */
const MAX_ATTEMPTS = 5;
/** A large answer must not push out the records of others. */
const PART_OF_MEMORY = 4;

/** A key that was taken: ends with one of its methods. Neither rejects. */
export interface Claim {
  /** Later requests with the key get this answer. Of one that is too large its status is kept. */
  keep(answer: StoredResponse): Promise<void>;
  /** The key is free again: what it was taken for came to nothing. */
  release(): Promise<void>;
}

/**
 * Keys of requests that may be sent again without being done again: for 24 h, shared by the instances or in this process
 * alone. What this process has taken it knows itself, whatever the shared store says, and gives back to it after an outage.
 */
export class IdempotencyRecords {
  private readonly owner = randomUUID();
  private readonly local: LocalRecords;
  /** Keys that the store is asked for at present, with the record that holds them if one does. */
  private readonly asking = new Map<string, Promise<IdempotencyRecord | undefined>>();
  private readonly writeBack: WriteBack | undefined;

  /** @param shared where the instances keep them together, if they do. */
  constructor(
    private readonly settings: IdempotencySettings,
    private readonly shared: SharedRecords | undefined,
  ) {
    this.local = new LocalRecords(settings.idempotency.maxBytes);
    this.writeBack = shared && new WriteBack(this.local, shared, this.pendingMs);
  }

  /** Memory that the keys of this process take. */
  get bytes(): number {
    return this.local.bytes;
  }

  /** Returns the numbers of records, and of keys that wait to be written to the store, dropped so far for want of room. */
  get evicted(): { readonly records: number; readonly unwritten: number } {
    return { records: this.local.evicted, unwritten: this.writeBack?.evicted ?? 0 };
  }

  /**
   * Takes a key for a request; a record, if the key is in use. A store that has just gone away is waited for, for 2 s of its
   * outage; after that each instance knows its own keys only.
   */
  async claim(key: string, fingerprint: string): Promise<Claim | IdempotencyRecord> {
    const asked = this.asking.get(key);
    if (asked !== undefined) return (await asked) ?? this.claim(key, fingerprint);
    const known = this.local.get(key);
    if (known !== undefined) return known;
    const pending = { fingerprint, owner: this.owner, answer: undefined };
    const record = { ...pending, claimed: this.shared?.seal(key, pending) ?? '' };
    if (this.shared === undefined) this.local.begin(key, record);
    const found = this.shared && (await this.ask(this.shared, key, record));
    return found ?? this.claimOf(key, record);
  }

  /** Claims a key in the store, once for all who ask for it meanwhile. It is this process's own from the moment that it is. */
  private ask(shared: SharedRecords, key: string, record: LocalRecord): Promise<IdempotencyRecord | undefined> {
    const claimed = this.claimShared(shared, key, record).then((found) => {
      if (found === undefined) this.local.begin(key, record);
      return found;
    });
    const asking = claimed.finally(() => this.asking.delete(key));
    this.asking.set(key, asking);
    return asking;
  }

  private get pendingMs(): number {
    return this.settings.timeouts.requestMs + SLACK_MS;
  }

  /** Undefined when the key is this request's: taken in the store, or the store cannot be asked. */
  private async claimShared(
    shared: SharedRecords,
    key: string,
    { claimed }: LocalRecord,
  ): Promise<IdempotencyRecord | undefined> {
    const isMine = ({ owner, answer }: IdempotencyRecord) => owner === this.owner && answer === undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const outcome = await shared.claim(key, { claimed, lifeMs: this.pendingMs }, isMine).catch(() => undefined);
      if (outcome === 'claimed') return undefined;
      if (typeof outcome === 'number') await pause(outcome);
      else if (outcome !== undefined) return outcome;
      // A claim that failed may have been carried out all the same, or another's record is there: it is tried again.
      else if (!(await shared.recovered(OUTAGE_MS))) break;
    }
    return shared.find(key).catch(() => undefined);
  }

  private claimOf(key: string, record: LocalRecord): Claim {
    return {
      keep: async (answer) => {
        const finished = { ...record, answer: this.isTooLarge(answer) ? omitBody(answer) : answer };
        this.local.finish(key, finished, this.settings.idempotency.ttlMs);
        await this.writeBack?.write(key, finished, this.settings.idempotency.ttlMs);
      },
      release: async () => {
        this.local.release(key);
        await this.shared?.release(key, record.claimed).catch(() => undefined);
      },
    };
  }

  private isTooLarge({ body }: StoredResponse): boolean {
    const { responseCache, idempotency } = this.settings;
    return body.length > Math.min(responseCache.maxEntryBytes, idempotency.maxBytes / PART_OF_MEMORY);
  }
}

/** Says that a request was carried out, and with which status. */
function omitBody({ status }: StoredResponse): StoredResponse {
  return { status, contentType: '', body: Buffer.alloc(0), omitted: true };
}
