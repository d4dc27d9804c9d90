import { decodeHuffman } from './huffman.js';

const STATIC_ENTRIES = 61;
/** The default table of 4096 bytes cannot hold more: each entry counts as 32 bytes and its text (RFC 7541, section 4.1). */
const MOST_ENTRIES = 128;
const NOT_A_PATH = undefined;
const isPathName = (index: number) => index === 4 || index === 5;

/**
 * Reads `:path` from the header blocks of one connection (RFC 7541).
 * It makes a string of no other header: that is what makes the upstream cheap. Entries count from the newest, so
 * one that the client has evicted is never asked for, and no sizes need to be known.
 */
export class PathDecoder {
  /** Oldest first: the path that the entry holds, undefined for every other header. */
  private readonly entries: (string | undefined)[] = [];
  private block: Uint8Array = new Uint8Array();
  private at = 0;

  /** Returns the path, undefined when the block has none. Throws on what it cannot follow. */
  decode(block: Uint8Array): string | undefined {
    this.block = block;
    this.at = 0;
    let path: string | undefined;
    while (this.at < block.length) path = this.field() ?? path;
    return path;
  }

  private field(): string | undefined {
    const first = this.block[this.at] as number;
    if (first & 0x80) return this.entry(this.integer(7));
    if (first & 0x40) return this.remember(this.literal(this.integer(6)));
    if (first & 0x20) {
      this.integer(5);
      return NOT_A_PATH;
    }
    return this.literal(this.integer(4));
  }

  private literal(nameIndex: number): string | undefined {
    if (nameIndex === 0) this.string();
    const value = this.string();
    const isPath = isPathName(nameIndex) || this.entry(nameIndex) !== NOT_A_PATH;
    return isPath ? this.text(value) : NOT_A_PATH;
  }

  private remember(path: string | undefined): string | undefined {
    this.entries.push(path);
    if (this.entries.length > 2 * MOST_ENTRIES) this.entries.splice(0, MOST_ENTRIES);
    return path;
  }

  private entry(index: number): string | undefined {
    return index <= STATIC_ENTRIES ? NOT_A_PATH : this.entries[this.entries.length - (index - STATIC_ENTRIES)];
  }

  private integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = (this.block[this.at++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.block[this.at++];
      if (byte === undefined || shift > 21) throw new Error('HPACK: an integer that does not end');
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** Steps over a string and returns where it lies. */
  private string(): { readonly huffman: boolean; readonly start: number } {
    const huffman = ((this.block[this.at] as number) & 0x80) !== 0;
    const length = this.integer(7);
    const start = this.at;
    this.at += length;
    if (this.at > this.block.length) throw new Error('HPACK: a string longer than its block');
    return { huffman, start };
  }

  private text({ huffman, start }: { readonly huffman: boolean; readonly start: number }): string {
    const bytes = this.block.subarray(start, this.at);
    return huffman ? decodeHuffman(bytes) : Buffer.from(bytes).toString('latin1');
  }
}
