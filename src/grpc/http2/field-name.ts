import { STATIC_TABLE } from './static-table.js';

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
