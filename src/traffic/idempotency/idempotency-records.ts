import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { IdempotencyRecord, StoredResponse } from './idempotency-record.js';
import { type LocalRecord, LocalRecords } from './local-records.js';
import type { SharedRecords } from './shared-records.js';
import { WriteBack } from './write-back.js';

/** Settings of the idempotency records. */
export type IdempotencySettings = Pick<GatewayConfig, 'idempotency' | 'timeouts' | 'responseCache'>;

/** Time beyond the longest request after which its process is certainly gone. */
const SLACK_MS = 5_000;
/**
 * A store that went down less than this ago is awaited: its records decide whether a request is carried out again.
 */
const OUTAGE_MS = 2_000;
/**
 * Maximum attempts at a store that responds but fails or delays: it accepts no writes, or loses its memory
 * repeatedly.
 */
const MAX_ATTEMPTS = 5;
/**
 * A response larger than this fraction of the memory is not stored, so that it does not evict the records of others.
 */
const PART_OF_MEMORY = 4;

/** A key that was taken. Must be ended by one of its methods, neither of which rejects. */
export interface Claim {
  /** Stores the response for later requests with the key. Of a response that is too large the status is kept. */
  keep(answer: StoredResponse): Promise<void>;
  /** Frees the key, since the request was not carried out. */
  release(): Promise<void>;
}

/**
 * Records the responses to requests with an Idempotency-Key, so that a repeated request is not carried out again: for
 * 24 h, shared by the instances or in this process alone. This process always keeps the keys that it took itself,
 * whatever the shared store says, and writes them back after an outage.
 */
export class IdempotencyRecords {
  private readonly owner = randomUUID();
  private readonly local: LocalRecords;
  /** Keys that are being looked up in the store, with the record that holds them if there is one. */
  private readonly asking = new Map<string, Promise<IdempotencyRecord | undefined>>();
  private readonly writeBack: WriteBack | undefined;

  /** @param shared store of all instances; undefined without Redis. */
  constructor(
    private readonly settings: IdempotencySettings,
    private readonly shared: SharedRecords | undefined,
  ) {
    this.local = new LocalRecords(settings.idempotency.maxBytes);
    this.writeBack = shared && new WriteBack(this.local, shared, this.pendingMs);
  }

  /** Returns the memory of the keys of this process, in bytes. */
  get bytes(): number {
    return this.local.bytes;
  }

  /** Returns how many records, and keys waiting to be written to the store, were dropped so far for lack of room. */
  get evicted(): { readonly records: number; readonly unwritten: number } {
    return { records: this.local.evicted, unwritten: this.writeBack?.evicted ?? 0 };
  }

  /**
   * Takes a key for a request. Resolves to the record if the key is in use. A store that has just gone down is
   * awaited for the first 2 s of its outage; after that each instance knows its own keys only.
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

  /** Claims a key in the store, once for all concurrent requests. From then on the key belongs to this process. */
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

  /**
   * Resolves to undefined when the key belongs to this request: it is taken in the store, or the store is
   * unavailable.
   */
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

/** Keeps the fact that a request was carried out, and its status. */
function omitBody({ status }: StoredResponse): StoredResponse {
  return { status, contentType: '', body: Buffer.alloc(0), omitted: true };
}
