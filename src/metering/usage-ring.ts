/** A usage event. Its ID makes a repeated report harmless. */
export interface UsageRecord {
  /** Position in the outbox of this process; not reported. */
  readonly seq: number;
  /** UUIDv7 (RFC 9562 5.7), kept through every retry and restart. */
  readonly id: string;
  readonly tenantId: string;
  readonly subject: string;
  readonly meter: string;
  readonly quantity: number;
  /** Unix ms. */
  readonly occurredAt: number;
}

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
