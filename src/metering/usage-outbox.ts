import { uuidV7 } from '../domain/uuid-v7.js';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { UsageSink, type Usage } from '../domain/usage-sink.js';
import type { OutboxSignals } from './outbox-signals.js';
import type { SeqRange, Journal } from './journal/journal.js';
import type { UsageRecord } from './usage-record.js';
import { UsageRing } from './usage-ring.js';

/** Between two looks at the journal. */
const TEND_MS = 1000;
/** Events written to a disk that takes writes again, at each event and each look: nothing else happens meanwhile. */
const SAVED_AT_ONCE = 256;

/**
 * Usage events between their call and TenantService, in the order of the calls. Each has a seq; it is in memory, on
 * the shelf or in both until it is settled, and lost only when it can be in neither.
 */
export class UsageOutbox extends UsageSink implements OnApplicationBootstrap {
  private readonly ring: UsageRing;
  /** All before it were dealt with. */
  private settled = 0;
  /** The seq of the next event. */
  private end: number;
  /** All before it were written to the shelf, or are gone. */
  private saved: number;
  private tending: NodeJS.Timeout | undefined;
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
    private readonly journal: Journal | undefined,
    private readonly now: () => number = Date.now,
  ) {
    super();
    this.ring = new UsageRing(capacity);
    this.end = journal?.endSeq ?? 0;
    this.saved = this.end;
    signals.foundOnShelf(this.end);
    signals.damaged(journal?.damaged ?? 0);
    this.measure();
  }

  /** Events that were not dealt with yet, as far as is known without looking for them. */
  get pending(): number {
    return this.end - this.settled;
  }

  /** True when what is pending will be there for the next process. */
  get durable(): boolean {
    return this.journal !== undefined && this.journal.failure === undefined && this.saved === this.end;
  }

  /** Whether memory has no room for another event: each new one takes the place of one that was not sent. */
  get isFull(): boolean {
    return this.ring.size >= this.ring.capacity;
  }

  /** Whether events are written to a shelf at all. */
  get hasShelf(): boolean {
    return this.journal !== undefined;
  }

  /** Why events are not written to the shelf, so that a crash loses them; undefined when they are, or without one. */
  get failure(): string | undefined {
    return this.journal?.failure;
  }

  onApplicationBootstrap(): void {
    if (this.journal !== undefined) this.tending = setInterval(() => this.tend(), TEND_MS).unref();
  }

  /** Notices a shelf that cannot be written, also while no event occurs, and writes what waits once it can be. */
  tend(): void {
    const { journal } = this;
    if (journal === undefined) return;
    this.signals.shelfState(journal.failure);
    journal.tend();
    if (journal.failure === undefined) this.catchUp(journal);
    this.signals.shelfState(journal.failure);
    this.measure();
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
    this.saved = Math.max(this.saved, this.settled);
    this.journal?.settle(this.settled);
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
    const { journal } = this;
    if (journal === undefined) return;
    const freed = this.ring.freeWhere(({ seq }) => journal.has(seq));
    if (freed === 0) return;
    this.isShelved = true;
    this.signals.shelved(freed);
    this.measure();
  }

  /** Tells what becomes of the events that were not sent, and lets go of the shelf. */
  close(): void {
    clearInterval(this.tending);
    this.tend();
    while (this.journal !== undefined && this.journal.failure === undefined && !this.durable)
      this.catchUp(this.journal);
    this.land();
    if (this.durable && this.pending > 0) this.signals.leftOnShelf(this.pending);
    for (let seq = this.settled; seq < this.end; seq++) {
      const record = this.ring.get(seq);
      if (record !== undefined && this.journal?.has(seq) !== true) this.signals.lost(record.occurredAt);
    }
    this.signals.tellEvicted();
    this.journal?.close();
  }

  /** True when the event is on the shelf: those before it that could not be written go first. */
  private save(record: UsageRecord): boolean {
    const { journal } = this;
    if (journal === undefined) return false;
    if (this.saved < record.seq) this.catchUp(journal, record.seq);
    const isSaved = this.saved === record.seq && this.append(journal, record);
    this.signals.shelfState(journal.failure);
    return isSaved;
  }

  /** Writes events that only memory has, up to `end`: a crash would lose them. */
  private catchUp(journal: Journal, end = this.end): void {
    const until = Math.min(end, this.saved + SAVED_AT_ONCE);
    while (this.saved < until) {
      const record = this.ring.get(this.saved);
      if (record === undefined) this.saved += 1;
      else if (!this.append(journal, record)) return;
    }
  }

  private append(journal: Journal, record: UsageRecord): boolean {
    for (let gone = journal.makeRoom(); gone !== undefined; gone = journal.makeRoom()) this.forget(gone);
    const isSaved = journal.append(record);
    if (isSaved) this.saved = record.seq + 1;
    else this.signals.notSaved();
    return isSaved;
  }

  private keep(record: UsageRecord, isSaved: boolean): void {
    const occupant = this.ring.occupant(record.seq);
    if (occupant !== undefined && this.journal?.has(occupant.seq) === true) {
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
    if (this.journal?.has(seq) !== true) return undefined;
    const record = this.journal.read(seq);
    if (record === undefined) this.signals.damaged(1);
    return record;
  }

  private lose(record: Pick<UsageRecord, 'seq' | 'occurredAt'>): void {
    if (record.seq < this.flyingTo) this.doubtful.push(record);
    else this.signals.lost(record.occurredAt);
  }

  private measure(): void {
    const unsaved = this.journal === undefined ? 0 : this.end - this.saved;
    this.signals.measure({ depth: this.ring.size, shelfBytes: this.journal?.bytes ?? 0, unsaved });
  }
}
