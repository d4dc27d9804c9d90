import { ByteLru } from '../byte-lru.js';
import type { IdempotencyRecord } from './idempotency-record.js';

/** A key that this process took. */
export interface LocalRecord extends IdempotencyRecord {
  /** The record of the claim as the shared store was given it; empty without one. */
  readonly claimed: string;
}

/**
 * Keys that this process took: those under way, as many as there are requests, and those that are done, within a number of
 * bytes. When the bytes are used up, the one used longest ago goes.
 */
export class LocalRecords {
  private readonly underWay = new Map<string, LocalRecord>();
  private readonly done: ByteLru<LocalRecord>;

  constructor(maxBytes: number) {
    this.done = new ByteLru(maxBytes, () => Date.now());
  }

  /** Memory that the answers take. */
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

  /** A list of all, those under way first, with the ms for which they are valid: `pendingMs` for those under way. */
  list(pendingMs: number): (readonly [key: string, record: LocalRecord, lifeMs: number])[] {
    const pending = [...this.underWay].map(([key, record]) => [key, record, pendingMs] as const);
    return [...pending, ...this.done.entries()];
  }
}
