import { uuidV7 } from '../domain/uuid-v7.js';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { UsageSink, type Usage } from '../domain/usage-sink.js';
import type { OutboxSignals } from './outbox-signals.js';
import type { SeqRange, Journal } from './journal/journal.js';
import { type UsageRecord, UsageRing } from './usage-ring.js';

/** Interval between two checks of the journal, in ms. */
const TEND_MS = 1000;
/** Events written to a recovered disk per event and per check, which limits how long this blocks. */
const SAVED_PER_CHECK = 256;

/**
 * Usage events between their call and TenantService, in the order of the calls. Each has a seq; it is in memory, in the
 * journal or in both until it is settled, and is lost only if neither has room.
 */
export class UsageOutbox extends UsageSink implements OnApplicationBootstrap {
  private readonly ring: UsageRing;
  /** All events before this seq are settled. */
  private settled = 0;
  /** The seq of the next event. */
  private end: number;
  /** All events before this seq are in the journal, or gone. */
  private saved: number;
  private tending: NodeJS.Timeout | undefined;
  /** True if memory was released: events go only to the journal. */
  private isJournalOnly = false;
  /** Lost events of the batch in flight, which may still be delivered. */
  private doubtful: Pick<UsageRecord, 'seq' | 'occurredAt'>[] = [];
  /** The batch in flight ends before this seq. */
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
    signals.foundInJournal(this.end);
    signals.damaged(journal?.damaged ?? 0);
    this.measure();
  }

  /** Number of events that are not settled, as far as is known without searching. */
  get pending(): number {
    return this.end - this.settled;
  }

  /** True if the pending events survive a restart. */
  get durable(): boolean {
    return this.journal !== undefined && this.journal.failure === undefined && this.saved === this.end;
  }

  /** True if memory is full: each new event replaces one that was not sent. */
  get isFull(): boolean {
    return this.ring.size >= this.ring.capacity;
  }

  /** True if events are written to a journal. */
  get hasJournal(): boolean {
    return this.journal !== undefined;
  }

  /**
   * Reason for which events are not written to the journal, so that a crash would lose them; undefined if they are, or
   * without a journal.
   */
  get failure(): string | undefined {
    return this.journal?.failure;
  }

  onApplicationBootstrap(): void {
    if (this.journal !== undefined) this.tending = setInterval(() => this.tend(), TEND_MS).unref();
  }

  /** Checks the journal also while no event occurs, and writes the waiting events once that is possible. */
  tend(): void {
    const { journal } = this;
    if (journal === undefined) return;
    this.signals.journalState(journal.failure);
    journal.tend();
    if (journal.failure === undefined) this.catchUp(journal);
    this.signals.journalState(journal.failure);
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
    if (!isSaved || !this.isJournalOnly) this.keep(record, isSaved);
    this.measure();
    this.follower();
  }

  /** Returns the oldest events, `max` at most, as a batch that is in flight until {@link land}. */
  take(max: number): readonly UsageRecord[] {
    const batch: UsageRecord[] = [];
    for (let seq = this.settled; seq < this.end && batch.length < max; seq++) {
      const record = this.ring.get(seq) ?? this.fromJournal(seq);
      if (record !== undefined) batch.push(record);
      else if (batch.length === 0) this.settled = seq + 1;
    }
    this.flyingTo = (batch.at(-1)?.seq ?? -1) + 1;
    return batch;
  }

  /** Marks this record and all before it as accepted or rejected by TenantService. */
  settle({ seq }: UsageRecord): void {
    for (; this.settled <= seq; this.settled++) this.ring.free(this.settled);
    this.saved = Math.max(this.saved, this.settled);
    this.journal?.settle(this.settled);
    this.isJournalOnly = false;
    this.measure();
  }

  /** Ends the batch in flight: its events that are not settled are taken again. */
  land(): void {
    this.flyingTo = 0;
    for (const { seq, occurredAt } of this.doubtful) if (seq >= this.settled) this.signals.lost(occurredAt);
    this.doubtful = [];
  }

  /** Releases memory: events that are in the journal stay only there until TenantService accepts events again. */
  releaseMemory(): void {
    const { journal } = this;
    if (journal === undefined) return;
    const freed = this.ring.freeWhere(({ seq }) => journal.has(seq));
    if (freed === 0) return;
    this.isJournalOnly = true;
    this.signals.memoryReleased(freed);
    this.measure();
  }

  /** Logs what happens to the events that were not sent, and closes the journal. */
  close(): void {
    clearInterval(this.tending);
    this.tend();
    while (this.journal !== undefined && this.journal.failure === undefined && !this.durable)
      this.catchUp(this.journal);
    this.land();
    if (this.durable && this.pending > 0) this.signals.leftInJournal(this.pending);
    for (let seq = this.settled; seq < this.end; seq++) {
      const record = this.ring.get(seq);
      if (record !== undefined && this.journal?.has(seq) !== true) this.signals.lost(record.occurredAt);
    }
    this.signals.logEvicted();
    this.journal?.close();
  }

  /** Writes the event to the journal, after those before it that could not be written. Returns true on success. */
  private save(record: UsageRecord): boolean {
    const { journal } = this;
    if (journal === undefined) return false;
    if (this.saved < record.seq) this.catchUp(journal, record.seq);
    const isSaved = this.saved === record.seq && this.append(journal, record);
    this.signals.journalState(journal.failure);
    return isSaved;
  }

  /** Writes events that only memory has, up to `end`. */
  private catchUp(journal: Journal, end = this.end): void {
    const until = Math.min(end, this.saved + SAVED_PER_CHECK);
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
      this.releaseMemory();
      if (isSaved) return;
    } else if (occupant !== undefined) this.lose(occupant);
    this.ring.put(record);
  }

  /** Handles a dropped segment: its events that are not in memory are lost. */
  private forget({ firstSeq, endSeq, firstAt, lastAt }: SeqRange): void {
    for (let seq = Math.max(firstSeq, this.settled); seq < endSeq; seq++) {
      if (this.ring.get(seq) === undefined) this.lose({ seq, occurredAt: seq === firstSeq ? firstAt : lastAt });
    }
  }

  private fromJournal(seq: number): UsageRecord | undefined {
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
