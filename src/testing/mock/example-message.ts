import { type DescEnum, type DescField, type DescMessage, getOption, ScalarType } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { reflect, reflectList, reflectMap, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { Comments } from '../../contract/comments.js';
import { field_behavior as fieldBehavior, FieldBehavior } from '../../gen/google/api/field_behavior_pb.js';
import { commentExample } from './comment-example.js';
import { exampleScalar, parseScalar } from './example-scalar.js';
import { isWellKnown, wellKnownExample } from './well-known-example.js';

const MAX_DEPTH = 6;
/** Maximum number of fields of a message, including nested messages, for recursive types. */
const MAX_FIELDS = 2_000;
const LIST_LENGTH = 2;

/** Values shared by the examples of one response. */
export interface ExampleContext {
  /** Index of the message in a list or stream, from 1. */
  readonly ordinal: number;
  /** Tenant of the caller, for every tenant field. */
  readonly tenant: string;
  /** Fields with the caller's tenant in addition to those named after it. */
  readonly tenantFields: ReadonlySet<DescField>;
}

interface Progress extends ExampleContext {
  /** Message types from the response down to here, to prevent recursion. */
  readonly path: readonly DescMessage[];
  readonly budget: { fields: number };
}

/** Builds messages with an example in each field: from its comment, its name, or its type. */
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

  /** Returns one value: of a field, an item of a list, or a value of a map. */
  private valueOf(field: DescField, progress: Progress): unknown {
    const { message } = field;
    if (message === undefined) return this.scalarOrEnum(field, field.scalar, progress);
    return isWrapperDesc(message) ? this.wrapperOf(field, message, progress) : this.messageOf(field, message, progress);
  }

  /** Treats a wrapper as its field, whose own name has no meaning. */
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

/** Returns whether a field is input-only, and so never part of a response (AIP-203). */
function isInputOnly(field: DescField): boolean {
  return getOption(field, fieldBehavior).includes(FieldBehavior.INPUT_ONLY);
}

/** Returns the enum value in the comment, otherwise the first that is not unspecified. */
function enumNumber({ values }: DescEnum, example: string | undefined): number {
  const named = values.find(({ name }) => name === example);
  return (named ?? values.find(({ number }) => number !== 0) ?? values[0])?.number ?? 0;
}

function isTenant(field: DescField, { tenantFields }: ExampleContext): boolean {
  return tenantFields.has(field) || /^tenant(_id)?$/.test(field.name);
}
