import { ByteLru } from '../byte-lru.js';
import type { IdempotencyRecord } from './idempotency-record.js';

/** A key that this process took. */
export interface LocalRecord extends IdempotencyRecord {
  /** The claim as it was written to the shared store; empty without one. */
  readonly claimed: string;
}

/**
 * Holds the keys that this process took: those in progress, at most one per request, and the finished ones up to a
 * total size in bytes. When that is exceeded, the least recently used one is dropped.
 */
export class LocalRecords {
  private readonly underWay = new Map<string, LocalRecord>();
  private readonly done: ByteLru<LocalRecord>;

  constructor(maxBytes: number) {
    this.done = new ByteLru(maxBytes, () => Date.now());
  }

  /** Returns the memory of the stored responses, in bytes. */
  get bytes(): number {
    return this.done.bytes;
  }

  /** Returns the number of records dropped so far because the bytes were used up. */
  get evicted(): number {
    return this.done.evicted;
  }

  get(key: string): LocalRecord | undefined {
    return this.underWay.get(key) ?? this.done.get(key);
  }

  begin(key: string, record: LocalRecord): void {
    this.underWay.set(key, record);
  }

  finish(key: string, record: LocalRecord, lifeMs: number): void {
    const { fingerprint, claimed, answer } = record;
    const headers = answer?.headers === undefined ? 0 : JSON.stringify(answer.headers).length;
    const body = (answer?.body.length ?? 0) + (answer?.contentType.length ?? 0);
    const size = fingerprint.length + claimed.length + body + headers;
    this.done.set(key, record, { size, lifeMs });
    this.underWay.delete(key);
  }

  release(key: string): void {
    this.underWay.delete(key);
  }

  /**
   * Lists all records, those in progress first, with their remaining lifetime in ms; `pendingMs` for those in
   * progress.
   */
  list(pendingMs: number): (readonly [key: string, record: LocalRecord, lifeMs: number])[] {
    const pending = [...this.underWay].map(([key, record]) => [key, record, pendingMs] as const);
    return [...pending, ...this.done.entries()];
  }
}
