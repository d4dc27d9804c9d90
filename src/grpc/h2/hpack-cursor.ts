import { decodeHuffman, huffmanScratch } from './huffman.js';

/** A length or an index beyond it is no header's. */
const MAX_INTEGER = 0xfffffff;
const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;

/** Reads the integers and strings of one header block after the other (RFC 7541, section 5). Throws RangeError. */
export class HpackCursor {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;
  // Where the last string lies: in the block, or decoded.
  private octets: Buffer = this.bytes;
  private octetsStart = 0;
  private octetsEnd = 0;

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

  /** Reads a string, which `text`, `length` and `valueFlaw` are then about. */
  string(): void {
    if (this.atEnd) throw new RangeError('a block that is cut off');
    const isHuffman = this.peek() >= 0x80;
    const length = this.integer(0x7f);
    const start = this.at;
    this.at += length;
    if (this.at > this.end) throw new RangeError('a string that is longer than its block');
    this.octets = isHuffman ? huffmanScratch : this.bytes;
    this.octetsStart = isHuffman ? 0 : start;
    this.octetsEnd = isHuffman ? decodeHuffman(this.bytes, start, this.at) : this.at;
  }

  text(): string {
    return this.octets.toString('latin1', this.octetsStart, this.octetsEnd);
  }

  /** Characters of the string. */
  get length(): number {
    return this.octetsEnd - this.octetsStart;
  }

  /** Returns why the string cannot be the value of a field, or undefined (RFC 9113, section 8.2.1). */
  valueFlaw(mayHaveOuterSpace: boolean): string | undefined {
    const { octets, octetsStart: start, octetsEnd: end } = this;
    if (start === end) return undefined;
    for (let at = start; at < end; at++) {
      const octet = octets[at] as number;
      if (octet <= CR && (octet === CR || octet === LF || octet === NUL)) return 'NUL, CR or LF in a field value';
    }
    if (mayHaveOuterSpace || !(isSpace(octets[start]) || isSpace(octets[end - 1]))) return undefined;
    return 'space at an end of a field value';
  }

  private byte(): number {
    if (this.atEnd) throw new RangeError('a block that is cut off');
    return this.bytes[this.at++] as number;
  }
}

function isSpace(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}
