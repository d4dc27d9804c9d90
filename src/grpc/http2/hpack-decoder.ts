import { DynamicTable } from './dynamic-table.js';
import type { Field, FieldSelection } from './field-selection.js';
import { ConnectionError, ErrorCode } from './frames.js';
import { HpackCursor } from './hpack-cursor.js';
import { ENTRY_OVERHEAD } from './static-table.js';

/**
 * Reads the header blocks of one connection (RFC 7541), and keeps of them only the values of a selection.
 * Names are known by their slot in the tables, so the usual block, one of indices, makes no string at all.
 */
export class HpackDecoder {
  /** By slot: what the last block said, the first value of each name. */
  readonly values: (string | undefined)[];
  /** Size of the last block's header list (RFC 9113, section 6.5.2). */
  listBytes = 0;

  private readonly table = new DynamicTable();
  private readonly cursor = new HpackCursor();

  constructor(private readonly selection: FieldSelection) {
    this.values = Array.from({ length: selection.size }, () => undefined);
  }

  /** Reads one whole block. Throws ConnectionError for what it cannot follow: the tables differ from then on. */
  decode(bytes: Buffer, start: number, end: number): void {
    this.values.fill(undefined);
    this.listBytes = 0;
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
    if (this.listBytes > 0) throw new RangeError('a table size within a block');
    this.table.resize(this.cursor.integer(0x1f));
  }

  private take({ slot, value, size }: Field): void {
    this.listBytes += size;
    if (slot >= 0) this.values[slot] ??= value;
  }

  private literal(mask: number): Field {
    const index = this.cursor.integer(mask);
    if (index > 0) {
      const { slot, nameLength } = this.entry(index);
      return this.withValue(slot, nameLength);
    }
    this.cursor.string();
    const name = this.cursor.text();
    return this.withValue(this.selection.slotOf(name), name.length);
  }

  private withValue(slot: number, nameLength: number): Field {
    this.cursor.string();
    const value = slot < 0 ? '' : this.cursor.text();
    const length = slot < 0 ? this.cursor.length() : value.length;
    return { slot, nameLength, value, size: nameLength + length + ENTRY_OVERHEAD };
  }

  private entry(index: number): Field {
    const { statics } = this.selection;
    const field = index <= statics.length ? statics[index - 1] : this.table.get(index - statics.length - 1);
    if (field === undefined) throw new RangeError(`no entry has the index ${index}`);
    return field;
  }
}
