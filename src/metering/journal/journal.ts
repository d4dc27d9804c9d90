import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UsageRecord } from '../usage-ring.js';
import { Segment } from './segment.js';
import { encodeLine } from './journal-line.js';
import { JournalLock } from './journal-lock.js';

const FILE = /^(\d{12})\.usage$/;
/** Number of segments of a full journal: at most a sixteenth is dropped to make room. */
const SEGMENTS_OF_FULL_JOURNAL = 16;
/** Maximum number of open files. Only a disk that fails repeatedly leaves segments that are not full. */
const MAX_SEGMENTS = 256;
/** Maximum length of a line, in bytes: an event of a caller with a long name. */
const MAX_LINE_BYTES = 65_536;
/**
 * Interval between two syncs to the disk, in ms. A power loss may take events of this time; the end of the process
 * takes none.
 */
const SYNC_MS = 1000;
/** File that is written and deleted to find out whether a failed disk accepts writes again. */
const PROBE = { name: 'probe', content: Buffer.alloc(4096) };

/** Dropped events: those from `firstSeq` to before `endSeq`. */
export type SeqRange = Readonly<Pick<Segment, 'firstSeq' | 'endSeq' | 'firstAt' | 'lastAt'>>;

/**
 * Usage events on disk, in append-only files: each event is written before its call is answered and kept until it was
 * delivered.
 */
export class Journal {
  private readonly segments: Segment[] = [];
  private nextFile = 0;
  private size = 0;
  private syncTimer: NodeJS.Timeout | undefined;
  /** Number of damaged lines found at startup. */
  readonly damaged: number = 0;
  /** Reason for which the last event could not be written; undefined if it was. */
  failure: string | undefined;

  /** Opens the journal in a directory and reads its segments. Throws the error of the file system. */
  constructor(
    private readonly directory: string,
    private readonly maxBytes: number,
    private lock?: JournalLock,
  ) {
    for (const name of readdirSync(directory).toSorted()) {
      if (!FILE.test(name)) continue;
      this.nextFile = Number.parseInt(name) + 1;
      const segment = Segment.load(join(directory, name), this.endSeq);
      this.damaged += segment.damaged;
      if (segment.endSeq === segment.firstSeq) segment.remove();
      else this.add(segment);
    }
  }

  /** Size of all files. */
  get bytes(): number {
    return this.size;
  }

  /** The seq after the last one; events found at startup have the seqs from 0. */
  get endSeq(): number {
    return this.segments.at(-1)?.endSeq ?? 0;
  }

  has(seq: number): boolean {
    return this.find(seq)?.has(seq) === true;
  }

  /** Reads an event; undefined if it is gone or damaged. */
  read(seq: number): UsageRecord | undefined {
    const record = this.find(seq)?.read(seq);
    return record && { seq, ...record };
  }

  /** Drops the oldest segment if the next event might not fit. */
  makeRoom(): SeqRange | undefined {
    const full = this.size + MAX_LINE_BYTES > this.maxBytes || this.segments.length >= MAX_SEGMENTS;
    return full ? this.removeOldest() : undefined;
  }

  /** Writes an event. Returns false and sets `failure` when the disk does not accept it. Seqs only rise. */
  append(record: UsageRecord): boolean {
    try {
      if (this.failure !== undefined || this.segments.at(-1)?.isInPlace !== true) this.repair();
      const segment = this.segmentFor(record.seq);
      segment.append(encodeLine(record), record.occurredAt);
      this.measure();
      this.syncTimer ??= setTimeout(() => this.sync(), SYNC_MS).unref();
      this.failure = undefined;
      return true;
    } catch (error) {
      this.fail(error);
      this.dropEmpty();
      return false;
    }
  }

  /** Maintains the files while nothing is written: restores missing ones and probes a failed disk. */
  tend(): void {
    try {
      this.repair();
      if (this.failure !== undefined) this.probe();
      this.failure = undefined;
    } catch (error) {
      this.fail(error);
    }
  }

  /** Removes the segments whose events are all before `seq`. */
  settle(seq: number): void {
    while ((this.segments[0]?.endSeq ?? Infinity) <= seq) this.removeOldest();
  }

  close(): void {
    clearTimeout(this.syncTimer);
    for (const segment of this.segments) segment.close();
    this.lock?.release();
  }

  private find(seq: number): Segment | undefined {
    return this.segments.find(({ firstSeq, endSeq }) => firstSeq <= seq && seq < endSeq);
  }

  private segmentFor(seq: number): Segment {
    const last = this.segments.at(-1);
    const usable = last !== undefined && !last.sealed && last.endSeq === seq;
    if (usable && last.bytes < this.maxBytes / SEGMENTS_OF_FULL_JOURNAL) return last;
    if (last !== undefined) this.syncSegment(last);
    const name = `${String(this.nextFile++).padStart(12, '0')}.usage`;
    return this.add(Segment.create(join(this.directory, name), seq));
  }

  private add(segment: Segment): Segment {
    this.segments.push(segment);
    this.measure();
    return segment;
  }

  private removeOldest(): Segment | undefined {
    const oldest = this.segments.shift();
    oldest?.remove();
    this.measure();
    return oldest;
  }

  private dropEmpty(): void {
    const last = this.segments.at(-1);
    if (last !== undefined && last.endSeq === last.firstSeq) this.segments.pop()?.remove();
  }

  private measure(): void {
    this.size = this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  private sync(): void {
    this.syncTimer = undefined;
    const last = this.segments.at(-1);
    if (last !== undefined) this.syncSegment(last);
  }

  private syncSegment(segment: Segment): void {
    segment.sync((error) => {
      segment.sealed = true;
      this.fail(error);
    });
  }

  /**
   * Restores the directory, the lock and the files where the next process looks for them. Throws the error of the file
   * system.
   */
  private repair(): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    if (this.lock?.isInPlace === false) this.renewLock(this.lock);
    for (const segment of this.segments) if (!segment.isInPlace) segment.restore();
  }

  private renewLock(old: JournalLock): void {
    const lock = JournalLock.take(this.directory);
    if (lock === undefined) throw new Error('another gateway uses the directory');
    old.release();
    this.lock = lock;
  }

  private probe(): void {
    const path = join(this.directory, PROBE.name);
    writeFileSync(path, PROBE.content);
    rmSync(path);
  }

  private fail(error: unknown): void {
    this.failure = error instanceof Error ? error.message : String(error);
  }
}
