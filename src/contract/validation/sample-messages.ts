import { create, ScalarType } from '@bufbuild/protobuf';
import type { DescField, DescMessage, DescOneof, Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { ReflectMessage, ScalarValue } from '@bufbuild/protobuf/reflect';

/**
 * Returns messages with every field set, one per member of a oneof: together they evaluate each rule of the message.
 */
export function filledSamples(desc: DescMessage): Message[] {
  const rounds = Math.max(1, ...desc.oneofs.map(({ fields }) => fields.length));
  return Array.from({ length: rounds }, (_, round) => fill(desc, round));
}

function fill(desc: DescMessage, round: number): Message {
  const message = reflect(desc, create(desc));
  for (const field of desc.fields) {
    if (field.oneof === undefined || isChosen(field.oneof, field, round)) setField(message, field);
  }
  return message.message;
}

function isChosen({ fields }: DescOneof, field: DescField, round: number): boolean {
  return fields[round % fields.length] === field;
}

function setField(message: ReflectMessage, field: DescField): void {
  switch (field.fieldKind) {
    case 'scalar':
      return message.set(field, scalarSample(field.scalar));
    case 'enum':
      return message.set(field, field.enum.values.at(-1)?.number ?? 0);
    case 'message':
      return message.set(field, reflect(field.message, create(field.message)));
    case 'list':
      return message.get(field).add(elementSample(field));
    default:
      message.get(field).set(scalarSample(field.mapKey) as never, elementSample(field));
  }
}

function elementSample(field: DescField): unknown {
  if (field.message !== undefined) return reflect(field.message, create(field.message));
  if (field.enum !== undefined) return field.enum.values.at(-1)?.number ?? 0;
  return field.scalar === undefined ? undefined : scalarSample(field.scalar);
}

function scalarSample(scalar: ScalarType): ScalarValue {
  switch (scalar) {
    case ScalarType.STRING:
      return 'a';
    case ScalarType.BOOL:
      return true;
    case ScalarType.BYTES:
      return new Uint8Array([97]);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 1n;
    default:
      return 1;
  }
}
