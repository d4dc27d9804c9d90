import type { DescExtension, DescMessage } from '@bufbuild/protobuf';
import type { Literal, LiteralRun } from './literal.js';

/**
 * Kinds of values: for scalars the type numbers of google/protobuf/descriptor.proto, above them the kinds that JSON
 * treats specially. The interpreter switches over the bare numbers, because constants of another module do not compile
 * to a jump table.
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
  /** A string that must equal the tenant. */
  tenant: 20,
  timestamp: 21,
  duration: 22,
  wrapper: 23,
  struct: 24,
  value: 25,
  listValue: 26,
  any: 27,
  /** Groups, FieldMask, messages with required fields or very many oneofs; handled by the slow path. */
  rare: 28,
} as const;

/** Maximum nesting of messages, as in Protobuf-ES. */
export const MAX_DEPTH = 100;

/** A value that no tag on the wire can have. */
export const NO_TAG = -1;

/** The names of an enum, as JSON. */
export interface EnumPlan {
  /** Names by number, for small numbers. */
  readonly near: readonly (Literal | undefined)[];
  readonly far: ReadonlyMap<number, Literal>;
  /** True if a number without a name is written as a number; in a closed enum the slow path handles it. */
  readonly open: boolean;
}

/** Everything that the interpreter needs of one field; created by one literal, so that V8 sees one shape. */
export interface FieldPlan {
  readonly kind: number;
  /** Tag expected on the wire; NO_TAG for a field that is skipped. */
  readonly tag: number;
  /** Tag of the other form, packed or not; NO_TAG when there is none. */
  readonly otherTag: number;
  readonly isList: boolean;
  readonly isMap: boolean;
  /** True if the field is read for its tenant and not written. */
  readonly hidden: boolean;
  /** Its bit among the oneofs of the message; 0 outside of any. */
  readonly oneof: number;
  /** True if an explicit zero or an empty list is omitted: no presence, and defaults are not emitted. */
  readonly dropsZero: boolean;
  /** Space for a comma, the key and a value, unless the value is a string, bytes or message. */
  readonly room: number;
  /** True for a singular string without other features: by far the most common field. */
  readonly isText: boolean;
  /** The key and the quote after it. */
  readonly quotedKey: Literal;
  /** `,"displayName":`; the comma of the first member becomes its brace. */
  readonly key: Literal;
  /** JSON of the value, or of a value in a map, that is absent on the wire. */
  readonly zero: Literal;
  readonly enumPlan: EnumPlan | undefined;
  readonly message: MessagePlan | undefined;
  /** Kind and tag of the keys of a map, tag of its values. */
  readonly mapKey: number;
  readonly mapKeyTag: number;
  readonly mapKeyZero: Literal;
  readonly mapValueTag: number;
}

/** Plan of one message type. Filled after its creation, because types may be recursive. */
export class MessagePlan {
  /** In the order of their numbers; `undefined` follows the last. */
  fields: readonly (FieldPlan | undefined)[] = [undefined];
  /** Index of a field by its number, -1 for a number without a field: a table for low numbers, a map for all. */
  near: Int16Array = new Int16Array(0);
  index: ReadonlyMap<number, number> = new Map();
  /** Members that are shown although they are absent, one literal per field, mostly empty. */
  absent!: LiteralRun;
  /** Number of fields before an index that must contain the tenant. */
  tenants: Int32Array = new Int32Array(1);
  /** Bits of the oneofs whose members are skipped, by field number; undefined when there are none. */
  passedOneofs: ReadonlyMap<number, number> | undefined;
  /** The only field of a wrapper. */
  wrapped: FieldPlan | undefined;

  constructor(
    readonly desc: DescMessage,
    readonly kind: number,
    readonly types: TypePlans,
  ) {}
}

/** The types that an Any or an extension may contain. */
export interface TypePlans {
  /** Returns the plan of the message that a type URL names. */
  named(typeUrl: string): MessagePlan | undefined;
  extension(desc: DescMessage, number: number): DescExtension | undefined;
}
