import { ENTRY_OVERHEAD, STATIC_TABLE } from './static-table.js';

/** A header field as far as its reader wants it. */
export interface Field {
  /** Where the value goes; -1 when nobody asks for a field of this name. */
  readonly slot: number;
  readonly nameLength: number;
  /** Empty when nobody asks. */
  readonly value: string;
  /** What it counts in tables and lists (RFC 7541, section 4.1). */
  readonly size: number;
}

const UNWANTED = -1;

/** The header names that a reader asks for, each with its slot: no string is made of any other value. */
export class FieldSelection {
  /** The static table, as this reader sees it. */
  readonly statics: readonly Field[];
  private readonly slots: ReadonlyMap<string, number>;

  constructor(names: readonly string[]) {
    this.slots = new Map(names.map((name, slot) => [name, slot]));
    this.statics = STATIC_TABLE.map(([name, value]) => ({
      slot: this.slotOf(name),
      nameLength: name.length,
      value,
      size: name.length + value.length + ENTRY_OVERHEAD,
    }));
  }

  /** How many names there are. */
  get size(): number {
    return this.slots.size;
  }

  slotOf(name: string): number {
    return this.slots.get(name) ?? UNWANTED;
  }
}
