import { type DescField, type DescMessage, fromJson, type JsonValue, type MessageShape } from '@bufbuild/protobuf';
import { nearest } from '../../domain/did-you-mean.js';
import {
  describeLocated,
  type Located,
  LocatedError,
  type LocatedMap,
  type LocatedMember,
  plainValue,
} from '../../domain/located-yaml.js';

/**
 * Reads a message in its JSON form (field names in either case, enums by name, durations such as `5s`). Returns
 * undefined for an invalid one, with a LocatedError in `mistakes` for each invalid member.
 */
export function readMessage<Desc extends DescMessage>(
  schema: Desc,
  map: LocatedMap,
  mistakes: LocatedError[],
): MessageShape<Desc> | undefined {
  const before = mistakes.length;
  checkMembers(schema, map, mistakes);
  if (mistakes.length > before) return undefined;
  try {
    return fromJson(schema, plainValue(map) as JsonValue);
  } catch (error) {
    mistakes.push(new LocatedError(map.line, error instanceof Error ? error.message : String(error)));
    return undefined;
  }
}

function checkMembers(schema: DescMessage, { members }: LocatedMap, mistakes: LocatedError[]): void {
  const seen = new Map<DescField, number>();
  for (const member of members) {
    const field = schema.fields.find(({ name, jsonName }) => member.name === name || member.name === jsonName);
    if (field === undefined) {
      mistakes.push(unknownField(schema, member));
      continue;
    }
    const earlier = seen.get(field);
    if (earlier !== undefined) {
      mistakes.push(new LocatedError(member.line, `"${member.name}" is set in line ${earlier} as well`));
    }
    seen.set(field, member.line);
    checkValue(schema, field, member, mistakes);
  }
}

function unknownField({ fields, typeName }: DescMessage, { name, line }: LocatedMember): LocatedError {
  const names = fields.map((field) => field.name);
  const meant = nearest(name, names);
  const hint = meant === undefined ? `it has ${names.join(', ')}` : `did you mean ${meant}?`;
  return new LocatedError(line, `"${name}" is not a field of ${typeName}: ${hint}`);
}

function checkValue(schema: DescMessage, field: DescField, member: LocatedMember, mistakes: LocatedError[]): void {
  const { name, value, line } = member;
  const fail = (message: string, at = value.line): void => void mistakes.push(new LocatedError(at, message));
  if (value.kind === 'scalar' && value.value === null)
    return fail(`"${name}" is empty: give it a value, or remove it`, line);
  if (field.fieldKind === 'list') {
    if (value.kind !== 'list') return fail(`"${name}" is ${describeLocated(value)}, not a list`, line);
    for (const item of value.items) checkSingle(schema, field, { name, line: item.line, value: item }, mistakes);
    return;
  }
  checkSingle(schema, field, member, mistakes);
}

function checkSingle(schema: DescMessage, field: DescField, member: LocatedMember, mistakes: LocatedError[]): void {
  const { name, value, line } = member;
  const fail = (message: string): void => void mistakes.push(new LocatedError(line, message));
  if (field.fieldKind === 'map') {
    if (!isReadable(schema, field, value)) fail(`"${name}" is ${describeLocated(value)}, not a map of what it takes`);
    return;
  }
  if (field.message !== undefined && !field.message.typeName.startsWith('google.protobuf.')) {
    if (value.kind !== 'map') return fail(`"${name}" is ${describeLocated(value)}, not a map`);
    return checkMembers(field.message, value, mistakes);
  }
  const names = field.enum?.values.map((each) => each.name);
  if (names !== undefined && !(value.kind === 'scalar' && names.includes(String(value.value)))) {
    return fail(`"${name}" is ${describeLocated(value)}: write one of ${names.join(', ')}`);
  }
  if (!isReadable(schema, field, value)) fail(`"${name}" is ${describeLocated(value)}, not ${formOf(field)}`);
}

function isReadable(schema: DescMessage, field: DescField, value: Located): boolean {
  const plain = plainValue(value) as JsonValue;
  try {
    fromJson(schema, { [field.jsonName]: field.fieldKind === 'list' ? [plain] : plain });
    return true;
  } catch {
    return false;
  }
}

function formOf({ message, scalar }: DescField): string {
  if (message?.typeName === 'google.protobuf.Duration') return 'a duration such as 5s or 0.25s';
  if (scalar === undefined) return 'what the field takes';
  return SCALARS[scalar] ?? 'a whole number';
}

/** Descriptions by google.protobuf.FieldDescriptorProto.Type; the others are integers. */
const SCALARS: Readonly<Record<number, string>> = { 1: 'a number', 2: 'a number', 8: 'true or false', 9: 'a text' };
