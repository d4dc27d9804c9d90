import type { UsageRecord } from './usage-record.js';

/**
 * Ring buffer of the newest events. The slot of a record follows from its seq, so that nothing is moved or searched.
 */
export class UsageRing {
  private readonly slots: (UsageRecord | undefined)[];
  private count = 0;

  constructor(readonly capacity: number) {
    this.slots = new Array<UsageRecord | undefined>(capacity).fill(undefined);
  }

  get size(): number {
    return this.count;
  }

  get(seq: number): UsageRecord | undefined {
    const record = this.occupant(seq);
    return record?.seq === seq ? record : undefined;
  }

  /** Returns the record in the slot of `seq`: that record itself, or the one that must leave first. */
  occupant(seq: number): UsageRecord | undefined {
    return this.slots[seq % this.capacity];
  }

  /** Stores a record in its slot, replacing the occupant. */
  put(record: UsageRecord): void {
    if (this.occupant(record.seq) === undefined) this.count += 1;
    this.slots[record.seq % this.capacity] = record;
  }

  free(seq: number): void {
    if (this.get(seq) === undefined) return;
    this.slots[seq % this.capacity] = undefined;
    this.count -= 1;
  }

  /** Frees the records that match `given` and returns their number. */
  freeWhere(given: (record: UsageRecord) => boolean): number {
    const before = this.count;
    for (const record of this.slots) if (record !== undefined && given(record)) this.free(record.seq);
    return before - this.count;
  }
}
