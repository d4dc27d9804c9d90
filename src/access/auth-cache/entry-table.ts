import type { CacheEntry } from './cache-entry.js';

interface Limits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** LRU table of entries by the hash of their credential, bounded in number and in bytes. */
export class EntryTable {
  private readonly entries = new Map<string, CacheEntry>();
  private total = 0;
  /** Numbers of entries dropped so far, by the limit that was reached. */
  readonly evicted = { entries: 0, bytes: 0 };

  constructor(private readonly limits: Limits) {}

  get size(): number {
    return this.entries.size;
  }

  get bytes(): number {
    return this.total;
  }

  /** Returns an entry without counting it as used. */
  peek(hash: string): CacheEntry | undefined {
    return this.entries.get(hash);
  }

  get(hash: string): CacheEntry | undefined {
    const entry = this.entries.get(hash);
    if (entry === undefined) return undefined;
    this.entries.delete(hash);
    this.entries.set(hash, entry);
    return entry;
  }

  set(hash: string, entry: CacheEntry): void {
    this.delete(hash);
    this.entries.set(hash, entry);
    this.total += entry.bytes;
    for (const oldest of this.entries.keys()) {
      const isOverfull = this.entries.size > this.limits.maxEntries;
      if (!isOverfull && this.total <= this.limits.maxBytes) return;
      this.delete(oldest);
      this.evicted[isOverfull ? 'entries' : 'bytes'] += 1;
    }
  }

  delete(hash: string): boolean {
    const entry = this.entries.get(hash);
    if (entry === undefined) return false;
    this.total -= entry.bytes;
    return this.entries.delete(hash);
  }
}
