import { ENTRY_OVERHEAD, STATIC_TABLE, TABLE_BYTES } from './static-table.js';

/** A larger entry would push out too much of the table to be worth its place. */
const MAX_ENTRY = TABLE_BYTES / 4;
const NONE = -1;

interface Entry {
  readonly name: FieldName;
  readonly value: string;
  readonly size: number;
}

/**
 * Writes the header blocks of one connection (RFC 7541). What repeats becomes an index into the dynamic table, one byte
 * from its second use on. No Huffman coding: on the way to a backend, time is dearer than bytes.
 */
export class HpackEncoder {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  /** Oldest first. The number of an entry is its place here plus how many have gone before. */
  private readonly entries: Entry[] = [];
  private gone = 0;
  private tableBytes = 0;
  private limit = TABLE_BYTES;
  /** Smallest limit since the last block: the peer must be told of it (RFC 7541, section 4.2). */
  private smallest = NONE;
  /** By slot of the name: the numbers of the entries by their value, and that of the newest. */
  private readonly numbers: readonly Map<string, number>[];
  private readonly newest: number[];

  constructor(names: readonly FieldName[]) {
    this.numbers = names.map(() => new Map<string, number>());
    this.newest = names.map(() => NONE);
  }

  /** Changes the size of the table. The next block begins with the smallest size since the last one, and the last. */
  resize(allowed: number): void {
    const limit = Math.min(allowed, TABLE_BYTES);
    if (limit === this.limit) return;
    this.limit = limit;
    this.smallest = this.smallest === NONE ? limit : Math.min(this.smallest, limit);
    this.shrinkTo(limit);
  }

  /** Starts a block. The caller sees to it that there is room for all of it. */
  begin(bytes: Buffer, at: number): void {
    this.bytes = bytes;
    this.at = at;
    if (this.smallest === NONE) return;
    if (this.smallest < this.limit) this.integer(0x20, 0x1f, this.smallest);
    this.integer(0x20, 0x1f, this.limit);
    this.smallest = NONE;
  }

  /** Where the block ends. */
  end(): number {
    return this.at;
  }

  /** An entry of the static table. */
  fixed(index: number): void {
    this.bytes[this.at++] = 0x80 | index;
  }

  /** A field whose value is likely to come again. */
  repeated(name: FieldName, value: string): void {
    const number = this.numbers[name.slot]?.get(value);
    if (number === undefined) return this.introduce(name, value);
    this.integer(0x80, 0x7f, this.indexOf(number));
  }

  /** A field whose value is of this call alone: only its name is remembered, with the first of the values. */
  single(name: FieldName, value: string): void {
    if (this.nameIndex(name) === 0) return this.introduce(name, value);
    this.literal(0x00, 0x0f, name);
    this.string(value);
  }

  private introduce(name: FieldName, value: string): void {
    const size = name.text.length + value.length + ENTRY_OVERHEAD;
    const isTaken = size <= Math.min(this.limit, MAX_ENTRY);
    if (isTaken) this.literal(0x40, 0x3f, name);
    else this.literal(0x00, 0x0f, name);
    this.string(value);
    if (isTaken) this.insert({ name, value, size });
  }

  private insert(entry: Entry): void {
    this.shrinkTo(this.limit - entry.size);
    const number = this.gone + this.entries.length;
    this.entries.push(entry);
    this.tableBytes += entry.size;
    this.numbers[entry.name.slot]?.set(entry.value, number);
    this.newest[entry.name.slot] = number;
  }

  private shrinkTo(bytes: number): void {
    while (this.tableBytes > bytes) {
      const oldest = this.entries.shift();
      if (oldest === undefined) return;
      const numbers = this.numbers[oldest.name.slot];
      if (numbers?.get(oldest.value) === this.gone) numbers.delete(oldest.value);
      this.gone += 1;
      this.tableBytes -= oldest.size;
    }
  }

  /** The newest entry comes right after the static table. */
  private indexOf(number: number): number {
    return STATIC_TABLE.length + this.gone + this.entries.length - number;
  }

  private nameIndex({ slot, staticIndex }: FieldName): number {
    if (staticIndex > 0) return staticIndex;
    const newest = this.newest[slot] ?? NONE;
    return newest >= this.gone ? this.indexOf(newest) : 0;
  }

  private literal(pattern: number, mask: number, name: FieldName): void {
    const index = this.nameIndex(name);
    this.integer(pattern, mask, index);
    if (index === 0) this.string(name.text);
  }

  private integer(pattern: number, mask: number, value: number): void {
    if (value < mask) {
      this.bytes[this.at++] = pattern | value;
      return;
    }
    this.bytes[this.at++] = pattern | mask;
    let rest = value - mask;
    for (; rest >= 0x80; rest >>>= 7) this.bytes[this.at++] = (rest & 0x7f) | 0x80;
    this.bytes[this.at++] = rest;
  }

  private string(text: string): void {
    this.integer(0x00, 0x7f, text.length);
    this.bytes.write(text, this.at, 'latin1');
    this.at += text.length;
  }
}

/** The name of a header field that is sent, with what an encoder needs to find it. */
export interface FieldName {
  readonly text: string;
  /** Its place among the names of the same encoder. */
  readonly slot: number;
  /** Its index in the static table, 0 when it has none. */
  readonly staticIndex: number;
}

/** The names of an encoder, in the order given. */
export function fieldNames<const Names extends readonly string[]>(names: Names): { [K in keyof Names]: FieldName } {
  const made = names.map((text, slot) => ({
    text,
    slot,
    staticIndex: STATIC_TABLE.findIndex(([name]) => name === text) + 1,
  }));
  return made as { [K in keyof Names]: FieldName };
}
