import { type DescEnum, type DescField, type DescMessage, getOption, ScalarType } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { reflect, reflectList, reflectMap, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { Comments } from '../../contract/comments.js';
import { field_behavior as fieldBehavior, FieldBehavior } from '../../gen/google/api/field_behavior_pb.js';
import { commentExample } from './comment-example.js';
import { exampleScalar, parseScalar } from './example-scalar.js';
import { isWellKnown, wellKnownExample } from './well-known-example.js';

const MAX_DEPTH = 6;
/** Fields of one message, those of nested messages included: a type that branches without end is cut here. */
const MAX_FIELDS = 2_000;
const LIST_LENGTH = 2;

/** What the examples of one response have in common. */
export interface ExampleContext {
  /** Counts the messages of a list or a stream, from 1. */
  readonly ordinal: number;
  /** The caller's tenant, which every field for one holds. */
  readonly tenant: string;
  /** Fields that hold the caller's tenant, beside those that are called so. */
  readonly tenantFields: ReadonlySet<DescField>;
}

interface Progress extends ExampleContext {
  /** Message types from the response down to here: none of them occurs within itself. */
  readonly path: readonly DescMessage[];
  readonly budget: { fields: number };
}

/** Writes messages with an example in each field: from its comment, from its name, or else of its type. */
export class ExampleMessages {
  constructor(private readonly comments: Comments) {}

  write(type: DescMessage, context: ExampleContext): ReflectMessage {
    return this.fill(type, { ...context, path: [], budget: { fields: MAX_FIELDS } });
  }

  private fill(type: DescMessage, progress: Progress): ReflectMessage {
    const message = reflect(type);
    const inside = { ...progress, path: [...progress.path, type] };
    for (const field of type.fields) {
      const isOtherCase = field.oneof !== undefined && message.oneofCase(field.oneof) !== undefined;
      if (isOtherCase || isInputOnly(field) || progress.budget.fields <= 0) continue;
      progress.budget.fields -= 1;
      this.setField(message, field, inside);
    }
    return message;
  }

  private setField(message: ReflectMessage, field: DescField, progress: Progress): void {
    if (field.fieldKind === 'list') {
      const list = reflectList(field);
      const ordinals = Array.from({ length: LIST_LENGTH }, (_, index) => index + 1);
      const length = field.listKind === 'message' && progress.path.length > 2 ? 1 : LIST_LENGTH;
      for (const ordinal of ordinals.slice(0, length)) {
        const item = this.valueOf(field, { ...progress, ordinal });
        if (item !== undefined) list.add(item);
      }
      message.set(field, list);
    } else if (field.fieldKind === 'map') {
      const map = reflectMap(field);
      const value = this.valueOf(field, progress);
      const key =
        field.mapKey === ScalarType.STRING ? 'example' : exampleScalar({ ...progress, field, scalar: field.mapKey });
      if (value !== undefined) map.set(key, value);
      message.set(field, map);
    } else {
      const value = this.valueOf(field, progress);
      if (value !== undefined) message.set(field, value);
    }
  }

  /** One value: the field's own, an item of its list, or a value of its map. */
  private valueOf(field: DescField, progress: Progress): unknown {
    const { message } = field;
    if (message === undefined) return this.scalarOrEnum(field, field.scalar, progress);
    return isWrapperDesc(message) ? this.wrapperOf(field, message, progress) : this.messageOf(field, message, progress);
  }

  /** A wrapper stands for its one field, whose name says nothing. */
  private wrapperOf(field: DescField, type: DescMessage, progress: Progress): ReflectMessage {
    const wrapper = reflect(type);
    for (const inner of type.fields) wrapper.set(inner, this.scalarOrEnum(field, inner.scalar, progress));
    return wrapper;
  }

  private scalarOrEnum(field: DescField, scalar: ScalarType | undefined, progress: Progress): unknown {
    const { enum: type } = field;
    const example = commentExample(this.comments.get(`${field.parent.typeName}.${field.name}`));
    if (type !== undefined) return enumNumber(type, example);
    if (scalar === undefined) return undefined;
    if (scalar === ScalarType.STRING && isTenant(field, progress)) return progress.tenant;
    const parsed = example === undefined ? undefined : parseScalar(example, scalar);
    return parsed ?? exampleScalar({ field, scalar, ordinal: progress.ordinal });
  }

  private messageOf(field: DescField, type: DescMessage, progress: Progress): ReflectMessage | undefined {
    if (isWellKnown(type.typeName)) {
      const known = wellKnownExample(type.typeName, field.name, progress.ordinal);
      return known && reflect(type, known as never);
    }
    if (progress.path.includes(type) || progress.path.length > MAX_DEPTH) return undefined;
    return this.fill(type, progress);
  }
}

/** Never part of a response (AIP-203). */
function isInputOnly(field: DescField): boolean {
  return getOption(field, fieldBehavior).includes(FieldBehavior.INPUT_ONLY);
}

/** The value that a comment names, else the first that means something. */
function enumNumber({ values }: DescEnum, example: string | undefined): number {
  const named = values.find(({ name }) => name === example);
  return (named ?? values.find(({ number }) => number !== 0) ?? values[0])?.number ?? 0;
}

function isTenant(field: DescField, { tenantFields }: ExampleContext): boolean {
  return tenantFields.has(field) || /^tenant(_id)?$/.test(field.name);
}
