import { decodeHuffman, huffmanLength } from './huffman.js';

/** A length or an index beyond it is no header's. */
const MAX_INTEGER = 0xfffffff;

/** Reads the integers and strings of one header block after the other (RFC 7541, section 5). Throws RangeError. */
export class HpackCursor {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;
  // Where the last string lies.
  private isHuffman = false;
  private stringStart = 0;

  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.at >= this.end;
  }

  /** The byte that says what comes next; it stays where it is. */
  peek(): number {
    return this.bytes[this.at] as number;
  }

  /** @param mask the bits of the first byte that are the integer's. */
  integer(mask: number): number {
    let value = this.byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      if (shift > 21) throw new RangeError('an integer that does not end');
      value += (byte & 0x7f) << shift;
      if (value > MAX_INTEGER) throw new RangeError('an integer that is too large');
      if (byte < 0x80) return value;
    }
  }

  /** Steps over a string, which `text` and `length` are then about. */
  string(): void {
    if (this.atEnd) throw new RangeError('a block that is cut off');
    this.isHuffman = this.peek() >= 0x80;
    const length = this.integer(0x7f);
    this.stringStart = this.at;
    this.at += length;
    if (this.at > this.end) throw new RangeError('a string that is longer than its block');
  }

  text(): string {
    if (this.isHuffman) return decodeHuffman(this.bytes, this.stringStart, this.at);
    return this.bytes.toString('latin1', this.stringStart, this.at);
  }

  /** Characters of the string, without making it. */
  length(): number {
    if (this.isHuffman) return huffmanLength(this.bytes, this.stringStart, this.at);
    return this.at - this.stringStart;
  }

  private byte(): number {
    if (this.atEnd) throw new RangeError('a block that is cut off');
    return this.bytes[this.at++] as number;
  }
}
