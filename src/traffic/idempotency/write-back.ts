import { makeRoom } from '../../domain/make-room.js';
import type { LocalRecord, LocalRecords } from './local-records.js';
import type { SharedRecords } from './shared-records.js';

/** Number of records sent together; Redis and this process do nothing else meanwhile. */
const BATCH = 100;
/**
 * Maximum number of keys that wait for another attempt; the oldest is dropped, and restored after the next outage.
 */
const MAX_WAITING = 10_000;

/** Writes the records of this process to the shared store: each when it is finished, all of them after an outage. */
export class WriteBack {
  /** Keys whose last write failed. */
  private readonly waiting = new Set<string>();
  private running = false;
  private drops = 0;

  /** @param pendingMs lifetime of the key of a request in progress. */
  constructor(
    private readonly local: LocalRecords,
    private readonly shared: SharedRecords,
    private readonly pendingMs: number,
  ) {
    shared.onRecovery(() => void this.restore(() => true));
  }

  /** Returns the number of entries dropped so far because the list was full. */
  get evicted(): number {
    return this.drops;
  }

  /** Writes a finished record. Never rejects: a failed write is repeated later. */
  async write(key: string, record: LocalRecord, lifeMs: number): Promise<void> {
    if (!(await this.send(key, record, lifeMs))) return this.wait(key);
    if (this.waiting.size > 0) void this.restore((each) => this.waiting.has(each));
  }

  /** Writes records again until one fails. */
  private async restore(chosen: (key: string) => boolean): Promise<void> {
    if (this.running) return;
    this.running = true;
    const records = this.local.list(this.pendingMs).filter(([key]) => chosen(key));
    if (records.length === 0) this.waiting.clear();
    for (let start = 0; start < records.length; start += BATCH) {
      const batch = records.slice(start, start + BATCH);
      const sent = await Promise.all(batch.map(([key, , lifeMs]) => this.sendAgain(key, lifeMs)));
      if (sent.includes(false)) break;
    }
    this.running = false;
  }

  /** Writes the present record of a key. */
  private async sendAgain(key: string, lifeMs: number): Promise<boolean> {
    const record = this.local.get(key);
    const isSent = record === undefined || (await this.send(key, record, lifeMs));
    if (isSent) this.waiting.delete(key);
    else this.wait(key);
    return isSent;
  }

  private async send(key: string, record: LocalRecord, lifeMs: number): Promise<boolean> {
    if (lifeMs <= 0) return true;
    const next = record.answer === undefined ? record.claimed : this.shared.seal(key, record);
    return this.shared.restore(key, record.claimed, { next, lifeMs }).then(
      () => true,
      () => false,
    );
  }

  private wait(key: string): void {
    this.drops += makeRoom(this.waiting, MAX_WAITING);
    this.waiting.add(key);
  }
}
