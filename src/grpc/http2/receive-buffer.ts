import type { MessageReader } from './message-reader.js';

const FIRST_BYTES = 4_096;
const EMPTY = Buffer.alloc(0);

/** Bytes that wait for their reader, in one piece. Whoever fills it keeps within a window. */
export class ReceiveBuffer {
  private bytes: Buffer = EMPTY;
  private start = 0;
  private end = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** Copies bytes in. */
  push(bytes: Buffer, from: number, to: number): void {
    this.makeRoom(to - from);
    bytes.copy(this.bytes, this.end, from, to);
    this.end += to - from;
  }

  /** Gives a message what there is of it. Returns how many bytes that were. */
  feed(reader: MessageReader): number {
    const { start } = this;
    this.start = reader.take(this.bytes, start, this.end);
    return this.start - start;
  }

  clear(): void {
    this.bytes = EMPTY;
    this.start = this.end = 0;
  }

  private makeRoom(bytes: number): void {
    if (this.start === this.end) this.start = this.end = 0;
    if (this.end + bytes <= this.bytes.length) return;
    const { length } = this;
    const fits = length + bytes <= this.bytes.length;
    const target = fits
      ? this.bytes
      : Buffer.allocUnsafeSlow(Math.max(length + bytes, 2 * this.bytes.length, FIRST_BYTES));
    this.bytes.copy(target, 0, this.start, this.end);
    this.bytes = target;
    this.start = 0;
    this.end = length;
  }
}
