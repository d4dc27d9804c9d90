import { type Field, type FieldSelection, isPseudo } from './field-selection.js';
import { ConnectionError, ErrorCode } from './frames.js';
import { HpackCursor } from './hpack-cursor.js';
import { ENTRY_OVERHEAD, TABLE_BYTES } from './static-table.js';

const PSEUDO_LAST = 'pseudo-header after a regular field';
const REPEATED = 'repeated field that may be there once';

/**
 * Reads the header blocks of one connection (RFC 7541), and keeps of them only the values of a selection.
 * Names are known by their slot in the tables, so the usual block, one of indices, makes no string at all.
 */
export class HpackDecoder {
  /** By slot: what the last block said, the first value of each name. */
  readonly values: (string | undefined)[];
  /** Size of the last block's header list (RFC 9113, section 6.5.2). */
  listBytes = 0;
  /** Why the message of the last block is malformed. Judged once for each entry of a table, not for each use of it. */
  flaw: string | undefined;

  private hasRegular = false;
  private readonly table = new DynamicTable();
  private readonly cursor = new HpackCursor();

  constructor(private readonly selection: FieldSelection) {
    this.values = Array.from({ length: selection.size }, () => undefined);
  }

  /** Reads one whole block. Throws ConnectionError for what it cannot follow: the tables differ from then on. */
  decode(bytes: Buffer, start: number, end: number): void {
    this.values.fill(undefined);
    this.listBytes = 0;
    this.flaw = undefined;
    this.hasRegular = false;
    this.cursor.open(bytes, start, end);
    try {
      while (!this.cursor.atEnd) this.field();
    } catch (error) {
      throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, `HPACK: ${(error as Error).message}`);
    }
  }

  private field(): void {
    const first = this.cursor.peek();
    if (first >= 0x80) return this.take(this.entry(this.cursor.integer(0x7f)));
    if (first >= 0x40) {
      const field = this.literal(0x3f);
      this.table.insert(field);
      return this.take(field);
    }
    if (first < 0x20) return this.take(this.literal(0x0f));
    if (this.listBytes > 0) throw new RangeError('a table size update after the first field');
    this.table.resize(this.cursor.integer(0x1f));
  }

  private take(field: Field): void {
    const { slot, value } = field;
    this.listBytes += field.size;
    if (field.flaw !== undefined) this.flaw ??= field.flaw;
    if (!field.isPseudo) this.hasRegular = true;
    else if (this.hasRegular) this.flaw ??= PSEUDO_LAST;
    if (slot < 0) return;
    if (this.values[slot] === undefined) this.values[slot] = value;
    else if (this.selection.isOnce(slot)) this.flaw ??= REPEATED;
  }

  private literal(mask: number): Field {
    const index = this.cursor.integer(mask);
    if (index > 0) {
      const { slot, nameLength, isPseudo, nameFlaw } = this.entry(index);
      return this.withValue(slot, nameLength, isPseudo, nameFlaw);
    }
    this.cursor.string();
    const name = this.cursor.text();
    const slot = this.selection.slotOf(name);
    // A name that is asked for has no flaw.
    const nameFlaw = slot < 0 ? this.selection.nameFlaw(name) : undefined;
    return this.withValue(slot, name.length, isPseudo(name), nameFlaw);
  }

  private withValue(slot: number, nameLength: number, isPseudo: boolean, nameFlaw: string | undefined): Field {
    const { cursor } = this;
    cursor.string();
    return {
      slot,
      nameLength,
      value: slot < 0 ? '' : cursor.text(),
      size: nameLength + cursor.length + ENTRY_OVERHEAD,
      isPseudo,
      nameFlaw,
      flaw: nameFlaw ?? cursor.valueFlaw(slot >= 0 && slot === this.selection.freeTextSlot),
    };
  }

  private entry(index: number): Field {
    const { statics } = this.selection;
    const field = index <= statics.length ? statics[index - 1] : this.table.get(index - statics.length - 1);
    if (field === undefined) throw new RangeError(`no entry has the index ${index}`);
    return field;
  }
}

/** The table cannot hold more entries, since each counts 32 bytes at least. A power of two: places are taken modulo. */
const PLACES = TABLE_BYTES / ENTRY_OVERHEAD;

/** The dynamic table of a decoder (RFC 7541, section 2.3.2): a ring, the newest entry first. */
export class DynamicTable {
  private readonly ring: (Field | undefined)[] = Array.from({ length: PLACES }, () => undefined);
  private inserted = 0;
  private held = 0;
  private bytes = 0;
  private limit = TABLE_BYTES;

  /** @param age 0 is the newest entry. */
  get(age: number): Field | undefined {
    return age < this.held ? this.ring[(this.inserted - 1 - age) & (PLACES - 1)] : undefined;
  }

  /** Takes an entry in and the oldest out until it fits; one larger than the table empties it. */
  insert(field: Field): void {
    this.shrinkTo(this.limit - field.size);
    if (field.size > this.limit) return;
    this.ring[this.inserted++ & (PLACES - 1)] = field;
    this.held += 1;
    this.bytes += field.size;
  }

  /** The encoder uses no more than this from now on. Throws RangeError beyond what it was told it may. */
  resize(limit: number): void {
    if (limit > TABLE_BYTES) throw new RangeError(`a table of ${limit} bytes`);
    this.limit = limit;
    this.shrinkTo(limit);
  }

  private shrinkTo(bytes: number): void {
    while (this.held > 0 && this.bytes > bytes) {
      const place = (this.inserted - this.held) & (PLACES - 1);
      this.bytes -= this.ring[place]?.size ?? 0;
      this.ring[place] = undefined;
      this.held -= 1;
    }
  }
}
