import { MemoryResponseStore } from '../cache/memory-response-store.js';
import type { RecordStore } from './idempotency-records.js';

/** Records of this process, within a number of bytes: when they are used up, the one used longest ago goes. */
export class MemoryRecordStore implements RecordStore {
  private readonly store: MemoryResponseStore;

  constructor(maxBytes: number) {
    this.store = new MemoryResponseStore(maxBytes, () => Date.now());
  }

  async add(key: string, record: string, lifeMs: number): Promise<string | undefined> {
    const { answer } = this.store.get(key);
    if (answer !== undefined) return Buffer.from(answer.body).toString();
    await this.replace(key, record, lifeMs);
    return undefined;
  }

  replace(key: string, record: string, lifeMs: number): Promise<void> {
    this.store.set(key, { body: Buffer.from(record), freshUntil: Infinity }, lifeMs);
    return Promise.resolve();
  }

  remove(key: string): Promise<void> {
    this.store.remove(key);
    return Promise.resolve();
  }
}
