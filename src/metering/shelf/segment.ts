import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { decodeLine, linesOf, type ShelvedRecord } from './shelf-line.js';

const OWNER_ONLY = 0o600;
const UNREADABLE = -1;

/** One file of the shelf: events of consecutive seqs, appended one by one, read anywhere, removed as a whole. */
export class Segment {
  /** Where each event begins in the file. */
  private readonly starts: number[] = [];
  private readonly fd: number;
  private size = 0;
  private open = true;
  /** When the first and the last of its events occurred, in unix ms. */
  firstAt = 0;
  lastAt = 0;
  /** No further event may follow the last one. */
  sealed = false;
  /** Lines found in the file that were no events. */
  damaged = 0;

  private constructor(
    private readonly path: string,
    readonly firstSeq: number,
    flags: 'ax+' | 'r',
  ) {
    this.fd = openSync(path, flags, OWNER_ONLY);
  }

  /** A new file. Throws what the file system says. */
  static create(path: string, firstSeq: number): Segment {
    return new Segment(path, firstSeq, 'ax+');
  }

  /** A file of an earlier process, however it ended. A last line that was cut short is no event: it was never acknowledged. */
  static load(path: string, firstSeq: number): Segment {
    const segment = new Segment(path, firstSeq, 'r');
    const content = readFileSync(segment.fd);
    for (const [start, end] of linesOf(content)) {
      const record = decodeLine(content.subarray(start, end));
      if (record !== undefined) segment.note(start, record.occurredAt);
      else if (content[end - 1] === 0x0a) segment.damaged += 1;
    }
    segment.size = content.length;
    segment.sealed = true;
    return segment;
  }

  get bytes(): number {
    return this.size;
  }

  /** The seq after its last one. */
  get endSeq(): number {
    return this.firstSeq + this.starts.length;
  }

  has(seq: number): boolean {
    return (this.starts[seq - this.firstSeq] ?? UNREADABLE) !== UNREADABLE;
  }

  /**
   * Hands the event of `endSeq` to the kernel, where the death of this process cannot reach it.
   * Throws what the file system says; the file is then as it was, or sealed.
   */
  append(line: Buffer, occurredAt: number): void {
    try {
      if (writeSync(this.fd, line) < line.length) throw new Error('ENOSPC: a line was written in part');
    } catch (error) {
      this.undo();
      throw error;
    }
    this.note(this.size, occurredAt);
    this.size += line.length;
  }

  /** Undefined, also from then on, when the file does not give it back as it was written. */
  read(seq: number): ShelvedRecord | undefined {
    const index = seq - this.firstSeq;
    const start = this.starts[index];
    if (start === undefined || start === UNREADABLE) return undefined;
    const record = this.readLine(start, this.nextStart(index));
    if (record === undefined) this.starts[index] = UNREADABLE;
    return record;
  }

  /** Starts to put what was written on the disk itself, where a power loss cannot reach it either. */
  sync(): void {
    if (this.open) fdatasync(this.fd, () => undefined);
  }

  close(): void {
    if (this.open) closeSync(this.fd);
    this.open = false;
  }

  /** Closes it and deletes the file. One that cannot be deleted is sent once more by the next process, which is harmless. */
  remove(): void {
    try {
      this.close();
      rmSync(this.path, { force: true });
    } catch {
      this.open = false;
    }
  }

  private note(start: number, occurredAt: number): void {
    if (this.starts.length === 0) this.firstAt = occurredAt;
    this.lastAt = occurredAt;
    this.starts.push(start);
  }

  private undo(): void {
    try {
      ftruncateSync(this.fd, this.size);
    } catch {
      this.sealed = true;
    }
  }

  /** Bytes of damaged lines may lie between; a reader stops at the newline. */
  private nextStart(index: number): number {
    for (let next = index + 1; next < this.starts.length; next++) {
      const start = this.starts[next];
      if (start !== undefined && start !== UNREADABLE) return start;
    }
    return this.size;
  }

  private readLine(start: number, end: number): ShelvedRecord | undefined {
    const buffer = Buffer.allocUnsafe(end - start);
    try {
      const length = readSync(this.fd, buffer, 0, buffer.length, start);
      const [line] = linesOf(buffer.subarray(0, length));
      return line === undefined ? undefined : decodeLine(buffer.subarray(...line));
    } catch {
      return undefined;
    }
  }
}
