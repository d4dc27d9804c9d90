import type { Field } from './field-selection.js';
import { ENTRY_OVERHEAD, TABLE_BYTES } from './static-table.js';

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
