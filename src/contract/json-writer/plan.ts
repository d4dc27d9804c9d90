import type { DescExtension, DescMessage } from '@bufbuild/protobuf';
import type { Literal, LiteralRun } from './literal.js';

/**
 * How a value is written: for scalars the type numbers of google/protobuf/descriptor.proto, above them what JSON treats
 * on its own. The interpreter switches over the bare numbers, because constants of another module make no jump table.
 */
export const KIND = {
  double: 1,
  float: 2,
  fixed64: 6,
  fixed32: 7,
  string: 9,
  message: 11,
  bytes: 12,
  enum: 14,
  sfixed32: 15,
  sfixed64: 16,
  nullValue: 19,
  /** A string that must be the tenant. */
  tenant: 20,
  timestamp: 21,
  duration: 22,
  wrapper: 23,
  struct: 24,
  value: 25,
  listValue: 26,
  any: 27,
  /** Groups, FieldMask, messages with required fields or very many oneofs: left to the slow path. */
  rare: 28,
} as const;

/** Deepest nesting of messages, as in Protobuf-ES. */
export const MAX_DEPTH = 100;

/** What no tag on the wire can be. */
export const NO_TAG = -1;

/** The names of an enum, as JSON. */
export interface EnumPlan {
  /** By number, for the small ones. */
  readonly near: readonly (Literal | undefined)[];
  readonly far: ReadonlyMap<number, Literal>;
  /** A number without a name is written as a number; in a closed enum it is left to the slow path. */
  readonly open: boolean;
}

/** All that the interpreter needs to know of one field; made by one literal, so that V8 sees one shape. */
export interface FieldPlan {
  readonly kind: number;
  /** Tag expected on the wire; NO_TAG for a field that is passed over. */
  readonly tag: number;
  /** The tag of the other form, packed or not; NO_TAG when there is none. */
  readonly otherTag: number;
  readonly isList: boolean;
  readonly isMap: boolean;
  /** Is read for its tenant and not written. */
  readonly hidden: boolean;
  /** Its bit among the oneofs of the message, 0 outside of any. */
  readonly oneof: number;
  /** Leaves out a zero or an empty list that the wire spells out: no presence, and defaults are not emitted. */
  readonly dropsZero: boolean;
  /** Room for a comma, the key and a value, if it is no text, bytes or message. */
  readonly room: number;
  /** A string that occurs once and has no other feature: the commonest field by far. */
  readonly isText: boolean;
  /** The key and the quote after it. */
  readonly quotedKey: Literal;
  /** `,"displayName":`; the comma of the first member becomes its brace. */
  readonly key: Literal;
  /** JSON of the value, in a map of one value, that is not on the wire. */
  readonly zero: Literal;
  readonly enumPlan: EnumPlan | undefined;
  readonly message: MessagePlan | undefined;
  /** Kind and tag of the keys of a map, tag of its values. */
  readonly mapKey: number;
  readonly mapKeyTag: number;
  readonly mapKeyZero: Literal;
  readonly mapValueTag: number;
}

/** How one message type is written. Filled after it is made, because types may contain themselves. */
export class MessagePlan {
  /** In the order of their numbers; `undefined` stands behind the last. */
  fields: readonly (FieldPlan | undefined)[] = [undefined];
  /** Index of a field by its number, -1 for a number without a field: a table for low numbers, a map for all. */
  near: Int16Array = new Int16Array(0);
  index: ReadonlyMap<number, number> = new Map();
  /** The members that a message without a field shows nevertheless, one for each field, mostly empty. */
  absent!: LiteralRun;
  /** How many fields before an index must hold the tenant. */
  tenants: Int32Array = new Int32Array(1);
  /** Bits of the oneofs whose members are passed over, by field number; undefined when there are none. */
  passedOneofs: ReadonlyMap<number, number> | undefined;
  /** The one field of a wrapper. */
  wrapped: FieldPlan | undefined;

  constructor(
    readonly desc: DescMessage,
    readonly kind: number,
    readonly types: TypePlans,
  ) {}
}

/** The types that an Any or an extension may bring in. */
export interface TypePlans {
  /** Plan of the message that a type URL names. */
  named(typeUrl: string): MessagePlan | undefined;
  extension(desc: DescMessage, number: number): DescExtension | undefined;
}
