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
  readonly isPseudo: boolean;
  /** Why a message with a field of this name is malformed, whatever its value. */
  readonly nameFlaw: string | undefined;
  /** Why a message with this field is malformed. */
  readonly flaw: string | undefined;
}

/** What makes a message malformed, as far as single fields show it. */
export interface FieldRules {
  /** Returns why no field may have this name. */
  nameFlaw(name: string): string | undefined;
  /** Names that may be there once. */
  readonly single: readonly string[];
  /** The name whose value may begin and end with a space. */
  readonly freeText: string;
}

const UNWANTED = -1;
const NO_RULES: FieldRules = { nameFlaw: () => undefined, single: [], freeText: '' };

/** The header names that a reader asks for, each with its slot: no string is made of any other value. */
export class FieldSelection {
  /** The static table, as this reader sees it. */
  readonly statics: readonly Field[];
  /** Slot of the value that may begin and end with a space; -1 when there is none. */
  readonly freeTextSlot: number;
  private readonly slots: ReadonlyMap<string, number>;
  private readonly isSingle: readonly boolean[];

  constructor(
    names: readonly string[],
    private readonly rules: FieldRules = NO_RULES,
  ) {
    this.slots = new Map(names.map((name, slot) => [name, slot]));
    this.isSingle = names.map((name) => rules.single.includes(name));
    this.freeTextSlot = this.slotOf(rules.freeText);
    this.statics = STATIC_TABLE.map(([name, value]) => ({
      slot: this.slotOf(name),
      nameLength: name.length,
      value,
      size: name.length + value.length + ENTRY_OVERHEAD,
      isPseudo: isPseudo(name),
      nameFlaw: this.nameFlaw(name),
      flaw: this.nameFlaw(name),
    }));
  }

  /** How many names there are. */
  get size(): number {
    return this.slots.size;
  }

  /** Returns why no field may have this name. */
  nameFlaw(name: string): string | undefined {
    return this.rules.nameFlaw(name);
  }

  /** Returns whether the field of a slot may be there once only. */
  isOnce(slot: number): boolean {
    return this.isSingle[slot] === true;
  }

  slotOf(name: string): number {
    return this.slots.get(name) ?? UNWANTED;
  }
}

/** Returns whether a name is that of a pseudo-header (RFC 9113, section 8.3). */
export function isPseudo(name: string): boolean {
  return name.startsWith(':');
}

/** Controls, space, upper case, and what is not ASCII: octets that no field name may hold (RFC 9113, section 8.2.1). */
const FORBIDDEN_IN_NAME = /[^!-@[-~]/;
/** They are about a connection of HTTP/1.1 (RFC 9113, section 8.2.2). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/** Returns why a response with a field of this name is malformed, or undefined (RFC 9113, sections 8.2 and 8.3). */
export function nameFlaw(name: string): string | undefined {
  if (name.startsWith(':')) return name === ':status' ? undefined : 'pseudo-header other than :status';
  if (name === '' || name.includes(':') || FORBIDDEN_IN_NAME.test(name)) return 'field name with a forbidden character';
  return CONNECTION_SPECIFIC.has(name) ? `connection-specific header field ${name}` : undefined;
}
