import { fromBinary, getExtension, setExtension, toBinary } from '@bufbuild/protobuf';
import type { DescEnum, DescExtension, DescField, DescMessage, Message, Registry } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import type { Any } from '@bufbuild/protobuf/wkt';
import { typeOfUrl } from '../type-url.js';
import type { FieldMarks } from './field-marks.js';

/**
 * Normalizes messages by protobuf's rules before fields are removed from their types: only the last member of a oneof
 * is kept, even if it is redacted afterwards, and an unknown number of a closed enum is an unknown field, in lists and
 * maps as in singular fields (protobuf.dev, "Enum Behavior"), where Protobuf-ES keeps it.
 */
export class MessageSettler {
  private constructor(private readonly registry: Registry) {}

  /** Compiles a settler for a response; undefined where it is not needed. */
  static compile(desc: DescMessage, registry: Registry, marks: FieldMarks): MessageSettler | undefined {
    const fields = [desc, ...registry].flatMap<DescField | DescExtension>((type) => {
      if (type.kind === 'extension') return [type];
      return type.kind === 'message' ? type.fields : [];
    });
    const isNeeded = fields.some((field) => closedEnum(field) !== undefined || isRedactedMember(field, marks));
    return isNeeded ? new MessageSettler(registry) : undefined;
  }

  /** Throws Error for bytes that cannot be decoded. */
  settle(desc: DescMessage, bytes: Uint8Array): Uint8Array {
    const message = fromBinary(desc, bytes);
    this.visit(reflect(desc, message));
    return toBinary(desc, message);
  }

  private visit(message: ReflectMessage): void {
    if (message.desc.typeName === AnySchema.typeName) return this.visitAny(message.message as Any);
    for (const field of message.fields) {
      if (!message.isSet(field)) continue;
      const desc = closedEnum(field);
      if (desc !== undefined) dropUnknownNumbers(message, field, desc);
      else if (field.message !== undefined) for (const value of messagesOf(message, field)) this.visit(value);
    }
    for (const number of new Set(message.message.$unknown?.map(({ no }) => no))) {
      const extension = this.registry.getExtensionFor(message.desc, number);
      if (extension !== undefined) this.visitExtension(message.message, extension);
    }
  }

  private visitAny(any: Any): void {
    const desc = typeOfUrl(this.registry, any.typeUrl);
    if (desc !== undefined) any.value = this.settle(desc, any.value);
  }

  private visitExtension(message: Message, extension: DescExtension): void {
    const desc = closedEnum(extension);
    if (desc !== undefined && extension.fieldKind === 'enum') return dropUnknownExtension(message, extension, desc);
    const value: unknown = getExtension(message, extension);
    if (desc !== undefined)
      return setExtension(
        message,
        extension,
        (value as number[]).filter((each) => isKnown(desc, each)),
      );
    if (extension.message === undefined) return;
    for (const each of [value].flat() as Message[]) this.visit(reflect(extension.message, each));
    setExtension(message, extension, value as never);
  }
}

/** Returns the closed enum of a field whose unknown numbers Protobuf-ES keeps or replaces by the default. */
function closedEnum(field: DescField | DescExtension): DescEnum | undefined {
  const isSettled = field.kind === 'field' && field.fieldKind === 'enum';
  return field.enum?.open === false && !isSettled ? field.enum : undefined;
}

function isRedactedMember(field: DescField | DescExtension, marks: FieldMarks): boolean {
  return field.kind === 'field' && field.oneof !== undefined && marks.isRedacted(field.parent.typeName, field.proto);
}

function isKnown(desc: DescEnum, number: unknown): boolean {
  return desc.value[number as number] !== undefined;
}

function dropUnknownNumbers(message: ReflectMessage, field: DescField, desc: DescEnum): void {
  if (field.fieldKind === 'list') {
    const list = message.get(field);
    const known = [...list].filter((number) => isKnown(desc, number));
    if (known.length === list.size) return;
    list.clear();
    for (const number of known) list.add(number);
  } else if (field.fieldKind === 'map') {
    const map = message.get(field);
    for (const [key, number] of [...map]) if (!isKnown(desc, number)) map.delete(key);
  }
}

/** Removes an extension without a known number; otherwise the last known number counts. */
function dropUnknownExtension(message: Message, extension: DescExtension, desc: DescEnum): void {
  const unknown = message.$unknown?.filter(
    ({ no, data }) => no !== extension.number || isKnown(desc, new BinaryReader(data).int32()),
  );
  if (unknown !== undefined) message.$unknown = unknown;
}

function messagesOf(message: ReflectMessage, field: DescField): Iterable<ReflectMessage> {
  if (field.fieldKind === 'list') return message.get(field) as Iterable<ReflectMessage>;
  if (field.fieldKind === 'map') return message.get(field).values() as Iterable<ReflectMessage>;
  return [message.get(field) as ReflectMessage];
}
