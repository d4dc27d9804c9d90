import {
  close,
  closeSync,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  open,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { decodeLine, linesOf, type StoredRecord } from './journal-line.js';

const OWNER_ONLY = 0o600;
const UNREADABLE = -1;

/**
 * One file of the journal: events with consecutive seqs, appended one by one, readable at any position, removed as a
 * whole.
 */
export class Segment {
  /** Offset of each event in the file. */
  private readonly starts: number[] = [];
  private fd: number;
  /** Inode of the file, which shows whether it was deleted or moved. */
  private inode: number;
  private size = 0;
  private isOpen = true;
  /** Times of the first and the last event, in Unix ms. */
  firstAt = 0;
  lastAt = 0;
  /** True if no further event may be appended. */
  sealed = false;
  /** Number of damaged lines found in the file. */
  damaged = 0;

  private constructor(
    private readonly path: string,
    readonly firstSeq: number,
    flags: 'ax+' | 'r',
  ) {
    this.fd = openSync(path, flags, OWNER_ONLY);
    this.inode = fstatSync(this.fd).ino;
  }

  /** Creates a new file. Throws the error of the file system. */
  static create(path: string, firstSeq: number): Segment {
    const segment = new Segment(path, firstSeq, 'ax+');
    syncDirectory(dirname(path));
    return segment;
  }

  /** Loads a file of an earlier process. An incomplete last line is not an event: it was never acknowledged. */
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

  /** The seq after the last one. */
  get endSeq(): number {
    return this.firstSeq + this.starts.length;
  }

  has(seq: number): boolean {
    return (this.starts[seq - this.firstSeq] ?? UNREADABLE) !== UNREADABLE;
  }

  /**
   * Appends the event with the seq `endSeq`; the kernel then has it, so that the end of this process does not lose it.
   * Throws the error of the file system; the file is then unchanged or sealed.
   */
  append(line: Buffer, occurredAt: number): void {
    try {
      writeWhole(this.fd, line, null);
    } catch (error) {
      this.undo();
      throw error;
    }
    this.note(this.size, occurredAt);
    this.size += line.length;
  }

  /** Reads an event; undefined, also for all later reads, if the file does not contain it as it was written. */
  read(seq: number): StoredRecord | undefined {
    const index = seq - this.firstSeq;
    const start = this.starts[index];
    if (start === undefined || start === UNREADABLE) return undefined;
    const record = this.readLine(start, this.nextStart(index));
    if (record === undefined) this.starts[index] = UNREADABLE;
    return record;
  }

  /** Starts an fsync, after which a power loss does not lose the events either. */
  sync(onError: (error: Error) => void): void {
    if (!this.isOpen) return;
    fdatasync(this.fd, (error) => {
      // A closed file was delivered or dropped meanwhile.
      if (error !== null && this.isOpen) onError(error);
    });
  }

  /** True while the file is where the next process will look for it. */
  get isInPlace(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.inode;
  }

  /** Writes a file that was deleted or moved again, from the open descriptor. Throws the error of the file system. */
  restore(): void {
    const content = Buffer.allocUnsafe(this.size);
    const length = readSync(this.fd, content, 0, this.size, 0);
    const fd = openSync(this.path, 'wx+', OWNER_ONLY);
    try {
      writeWhole(fd, content.subarray(0, length), 0);
    } catch (error) {
      closeSync(fd);
      rmSync(this.path, { force: true });
      throw error;
    }
    closeSync(this.fd);
    this.fd = fd;
    this.inode = fstatSync(fd).ino;
    this.sealed = true;
    syncDirectory(dirname(this.path));
  }

  close(): void {
    if (this.isOpen) closeSync(this.fd);
    this.isOpen = false;
  }

  /**
   * Closes and deletes the file. If it cannot be deleted, the next process sends its events once more, which is
   * harmless.
   */
  remove(): void {
    try {
      this.close();
      rmSync(this.path, { force: true });
    } catch {
      this.isOpen = false;
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

  /** Damaged lines may lie between two events; a reader stops at the newline. */
  private nextStart(index: number): number {
    for (let next = index + 1; next < this.starts.length; next++) {
      const start = this.starts[next];
      if (start !== undefined && start !== UNREADABLE) return start;
    }
    return this.size;
  }

  private readLine(start: number, end: number): StoredRecord | undefined {
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

function writeWhole(fd: number, content: Buffer, position: number | null): void {
  const written = writeSync(fd, content, 0, content.length, position);
  if (written < content.length) throw new Error('ENOSPC: a line was written incompletely');
}

/** Starts an fsync of a directory: without it a power loss may lose a new file entirely (fsync(2)). */
function syncDirectory(directory: string): void {
  open(directory, 'r', (error, fd) => {
    if (error === null) fsync(fd, () => close(fd, () => undefined));
  });
}
