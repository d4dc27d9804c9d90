import { uuidV7 } from '../domain/uuid-v7.js';
import { UsageSink, type Usage } from '../domain/usage-sink.js';
import type { OutboxSignals } from './outbox-signals.js';
import type { SeqRange, Shelf } from './shelf/shelf.js';
import type { UsageRecord } from './usage-record.js';
import { UsageRing } from './usage-ring.js';

/**
 * Usage events between their call and TenantService, in the order of the calls. Each has a seq; it is in memory, on
 * the shelf or in both until it is settled, and lost only when it can be in neither.
 */
export class UsageOutbox extends UsageSink {
  private readonly ring: UsageRing;
  /** All before it were dealt with. */
  private settled = 0;
  /** The seq of the next event. */
  private end: number;
  /** Memory was given back to the process: events go to the shelf alone. */
  private isShelved = false;
  /** What was lost of the batch that is on its way: it may arrive yet. */
  private doubtful: Pick<UsageRecord, 'seq' | 'occurredAt'>[] = [];
  /** The batch on its way ends before this seq. */
  private flyingTo = 0;
  private follower: () => void = () => undefined;

  constructor(
    capacity: number,
    private readonly signals: OutboxSignals,
    private readonly shelf: Shelf | undefined,
    private readonly now: () => number = Date.now,
  ) {
    super();
    this.ring = new UsageRing(capacity);
    this.end = shelf?.endSeq ?? 0;
    signals.foundOnShelf(this.end);
    signals.damaged(shelf?.damaged ?? 0);
    this.measure();
  }

  /** Events that were not dealt with yet, as far as is known without looking for them. */
  get pending(): number {
    return this.end - this.settled;
  }

  /** True when what is pending will be there for the next process. */
  get durable(): boolean {
    return this.shelf !== undefined && this.shelf.failure === undefined;
  }

  /** Calls `follower` after every event. */
  follow(follower: () => void): void {
    this.follower = follower;
  }

  override record({ caller: { tenantId, subject }, meter, quantity }: Usage): void {
    const occurredAt = this.now();
    const record = { seq: this.end++, id: uuidV7(), tenantId, subject, meter, quantity, occurredAt };
    const isSaved = this.save(record);
    if (!isSaved || !this.isShelved) this.keep(record, isSaved);
    this.measure();
    this.follower();
  }

  /** The oldest events, `max` at most, as a batch that is on its way until {@link land}. */
  take(max: number): readonly UsageRecord[] {
    const batch: UsageRecord[] = [];
    for (let seq = this.settled; seq < this.end && batch.length < max; seq++) {
      const record = this.ring.get(seq) ?? this.fromShelf(seq);
      if (record !== undefined) batch.push(record);
      else if (batch.length === 0) this.settled = seq + 1;
    }
    this.flyingTo = (batch.at(-1)?.seq ?? -1) + 1;
    return batch;
  }

  /** This record, and all before it, were taken or refused by TenantService. */
  settle({ seq }: UsageRecord): void {
    for (; this.settled <= seq; this.settled++) this.ring.free(this.settled);
    this.shelf?.settle(this.settled);
    this.isShelved = false;
    this.measure();
  }

  /** The batch is no longer on its way: what was not settled of it is taken again. */
  land(): void {
    this.flyingTo = 0;
    for (const { seq, occurredAt } of this.doubtful) if (seq >= this.settled) this.signals.lost(occurredAt);
    this.doubtful = [];
  }

  /** Gives memory back: what is on the shelf stays there alone until TenantService takes events again. */
  shelve(): void {
    const { shelf } = this;
    if (shelf === undefined) return;
    const freed = this.ring.freeWhere(({ seq }) => shelf.has(seq));
    if (freed === 0) return;
    this.isShelved = true;
    this.signals.shelved(freed);
    this.measure();
  }

  /** Tells what becomes of the events that were not sent, and lets go of the shelf. */
  close(): void {
    this.land();
    if (this.durable && this.pending > 0) this.signals.leftOnShelf(this.pending);
    for (let seq = this.settled; seq < this.end; seq++) {
      const record = this.ring.get(seq);
      if (record !== undefined && this.shelf?.has(seq) !== true) this.signals.lost(record.occurredAt);
    }
    this.signals.tellEvicted();
    this.shelf?.close();
  }

  private save(record: UsageRecord): boolean {
    const { shelf } = this;
    if (shelf === undefined) return false;
    for (let gone = shelf.makeRoom(); gone !== undefined; gone = shelf.makeRoom()) this.forget(gone);
    const isSaved = shelf.append(record);
    this.signals.shelfState(shelf.failure);
    return isSaved;
  }

  private keep(record: UsageRecord, isSaved: boolean): void {
    const occupant = this.ring.occupant(record.seq);
    if (occupant !== undefined && this.shelf?.has(occupant.seq) === true) {
      this.shelve();
      if (isSaved) return;
    } else if (occupant !== undefined) this.lose(occupant);
    this.ring.put(record);
  }

  /** A file of the shelf was given up: what of it is not in memory is lost. */
  private forget({ firstSeq, endSeq, firstAt, lastAt }: SeqRange): void {
    for (let seq = Math.max(firstSeq, this.settled); seq < endSeq; seq++) {
      if (this.ring.get(seq) === undefined) this.lose({ seq, occurredAt: seq === firstSeq ? firstAt : lastAt });
    }
  }

  private fromShelf(seq: number): UsageRecord | undefined {
    if (this.shelf?.has(seq) !== true) return undefined;
    const record = this.shelf.read(seq);
    if (record === undefined) this.signals.damaged(1);
    return record;
  }

  private lose(record: Pick<UsageRecord, 'seq' | 'occurredAt'>): void {
    if (record.seq < this.flyingTo) this.doubtful.push(record);
    else this.signals.lost(record.occurredAt);
  }

  private measure(): void {
    this.signals.measure(this.ring.size, this.shelf?.bytes ?? 0);
  }
}
