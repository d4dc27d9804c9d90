import { ByteLru } from '../byte-lru.js';
import type { RecordStore } from './record-store.js';

/** Records of this process, within a number of bytes: when they are used up, the one used longest ago goes. */
export class MemoryRecordStore implements RecordStore {
  private readonly records: ByteLru<string>;

  constructor(maxBytes: number) {
    this.records = new ByteLru(maxBytes, () => Date.now());
  }

  /** What they take. */
  get bytes(): number {
    return this.records.bytes;
  }

  add(key: string, record: string, lifeMs: number): Promise<string | undefined> {
    const found = this.records.get(key);
    if (found === undefined) this.records.set(key, record, { size: record.length, lifeMs });
    return Promise.resolve(found);
  }

  replace(key: string, record: string, lifeMs: number): Promise<void> {
    this.records.set(key, record, { size: record.length, lifeMs });
    return Promise.resolve();
  }

  remove(key: string): Promise<void> {
    this.records.remove(key);
    return Promise.resolve();
  }
}
