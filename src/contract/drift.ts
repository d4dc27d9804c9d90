import { type DescEnum, type DescField, type DescMessage, type DescMethod, fromBinary } from '@bufbuild/protobuf';
import type { DescriptorProto, EnumDescriptorProto, FieldDescriptorProto } from '@bufbuild/protobuf/wkt';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as FieldType,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { BackendTypes } from './backend-types.js';

/** Differences of a backend from the mounted contract, one sentence per difference. */
export interface Drift {
  /** Parts on which the gateway relies and which the backend lacks or has otherwise. */
  readonly differences: readonly string[];
  /** Parts that only the backend has: clients cannot reach them, and nothing breaks. */
  readonly additions: readonly string[];
}

const MAX_SENTENCES = 100;

/** Returns name and imports of a FileDescriptorProto. Throws for bytes that are not one. */
export function fileNames(file: Uint8Array) {
  const { name, dependency: imports } = fromBinary(FileDescriptorProtoSchema, file);
  return { name, imports };
}

/**
 * Compares RPCs of the mounted contract, and all types that they reference, with the FileDescriptorProtos of a backend.
 */
export function compareContract(methods: readonly DescMethod[], files: readonly Uint8Array[]): Drift {
  const types = new BackendTypes(files.map((file) => fromBinary(FileDescriptorProtoSchema, file)));
  const comparison = new Comparison(types);
  for (const method of methods) comparison.compareMethod(method);
  return { differences: [...comparison.differences], additions: [...comparison.additions] };
}

class Comparison {
  readonly differences = new Set<string>();
  readonly additions = new Set<string>();
  private readonly seen = new Set<string>();

  constructor(private readonly types: BackendTypes) {}

  compareMethod(method: DescMethod): void {
    const { typeName } = method.parent;
    const service = this.types.service(typeName);
    if (service === undefined) return this.differ(`service ${typeName} is missing`);
    for (const { name } of service.method) {
      if (!method.parent.methods.some((each) => each.name === name)) this.add(`rpc ${typeName}.${name}`);
    }
    const theirs = service.method.find(({ name }) => name === method.name);
    const path = `${typeName}.${method.name}`;
    if (theirs === undefined) return this.differ(`rpc ${path} is missing`);
    this.expect(`rpc ${path} kind`, kindOf(method.proto), kindOf(theirs));
    const [input, output] = [theirs.inputType, theirs.outputType].map((name) => this.types.resolve(name, typeName));
    this.expect(`rpc ${path} request`, method.input.typeName, input);
    this.expect(`rpc ${path} response`, method.output.typeName, output);
    this.compareMessage(method.input);
    this.compareMessage(method.output);
  }

  private compareMessage(message: DescMessage): void {
    const { typeName } = message;
    if (this.seen.has(typeName)) return;
    this.seen.add(typeName);
    const theirs = this.types.message(typeName);
    // A well-known type never changes, and a backend may omit it.
    if (theirs === undefined)
      return typeName.startsWith('google.') ? undefined : this.differ(`message ${typeName} is missing`);
    for (const field of message.fields) this.compareField(field, theirs);
    const known = new Set(message.fields.map(({ number }) => number));
    for (const { name, number } of theirs.field)
      if (!known.has(number)) this.add(`field ${typeName}.${name} (${number})`);
  }

  private compareField(field: DescField, message: DescriptorProto): void {
    const path = `field ${field.parent.typeName}.${field.name} (${field.number})`;
    const theirs = message.field.find(({ number }) => number === field.number);
    if (theirs === undefined) return this.differ(`${path} is missing`);
    this.expect(`${path} JSON name`, field.jsonName, jsonNameOf(theirs));
    this.expect(`${path} label`, labelOf(field.proto), labelOf(theirs));
    if (field.fieldKind === 'map') return this.compareMap(field, theirs, path);
    this.expect(
      `${path} type`,
      typeOf(field.proto, (name) => name),
      this.typeOfTheirs(theirs, field.parent.typeName),
    );
    if (field.message !== undefined) this.compareMessage(field.message);
    if (field.enum !== undefined) this.compareEnum(field.enum);
  }

  /** Compares the key and value types of a map, because some tools name map entry types differently. */
  private compareMap(field: DescField & { fieldKind: 'map' }, theirs: FieldDescriptorProto, path: string): void {
    const scope = field.parent.typeName;
    const entry = this.types.message(this.types.resolve(theirs.typeName, scope));
    for (const number of [1, 2]) {
      const expected = ownEntryType(field, number);
      const actual = entry?.field.find((each) => each.number === number);
      const name = number === 1 ? 'key' : 'value';
      this.expect(`${path} map ${name}`, expected, actual === undefined ? 'missing' : this.typeOfTheirs(actual, scope));
    }
    if (field.message !== undefined) this.compareMessage(field.message);
    if (field.enum !== undefined) this.compareEnum(field.enum);
  }

  private compareEnum(type: DescEnum): void {
    const { typeName } = type;
    if (this.seen.has(typeName)) return;
    this.seen.add(typeName);
    const theirs = this.types.enum(typeName);
    if (theirs === undefined)
      return typeName.startsWith('google.') ? undefined : this.differ(`enum ${typeName} is missing`);
    for (const { name, number } of type.values) {
      this.expect(`enum ${typeName} value ${number}`, name, nameOfValue(theirs, number));
    }
    for (const { name, number } of theirs.value) {
      if (!type.values.some((each) => each.number === number)) this.add(`enum value ${typeName}.${name} (${number})`);
    }
  }

  private typeOfTheirs(field: FieldDescriptorProto, scope: string): string {
    return typeOf(field, (name) => `.${this.types.resolve(name, scope)}`);
  }

  private expect(what: string, mounted: string, backend: string | undefined): void {
    if (mounted !== backend) this.differ(`${what} is ${backend ?? 'missing'}, not ${mounted}`);
  }

  private differ(sentence: string): void {
    if (this.differences.size < MAX_SENTENCES) this.differences.add(sentence);
  }

  private add(sentence: string): void {
    if (this.additions.size < MAX_SENTENCES) this.additions.add(sentence);
  }
}

function kindOf({ clientStreaming, serverStreaming }: { clientStreaming: boolean; serverStreaming: boolean }): string {
  if (clientStreaming) return serverStreaming ? 'bidirectional stream' : 'client stream';
  return serverStreaming ? 'server stream' : 'unary';
}

function labelOf({ label }: FieldDescriptorProto): string {
  if (label === Label.REPEATED) return 'repeated';
  return label === Label.REQUIRED ? 'required' : 'singular';
}

function typeOf({ type, typeName }: FieldDescriptorProto, resolve: (name: string) => string): string {
  const isNamed = type === FieldType.MESSAGE || type === FieldType.ENUM || type === FieldType.GROUP;
  return isNamed ? resolve(typeName) : (FieldType[type] ?? String(type)).toLowerCase();
}

/** Returns the type of the key (1) or the value (2) of a map. */
function ownEntryType(field: DescField & { fieldKind: 'map' }, number: number): string {
  if (number === 1) return (FieldType[field.mapKey] ?? '').toLowerCase();
  if (field.mapKind === 'scalar') return (FieldType[field.scalar] ?? '').toLowerCase();
  return `.${field.mapKind === 'enum' ? field.enum.typeName : field.message.typeName}`;
}

function nameOfValue({ value }: EnumDescriptorProto, number: number): string | undefined {
  return value.find((each) => each.number === number)?.name;
}

/** Returns the JSON name that protoc derives when a tool omits it. */
function jsonNameOf({ jsonName, name }: FieldDescriptorProto): string {
  return jsonName === '' ? name.replaceAll(/_+(.)?/g, (_, letter?: string) => (letter ?? '').toUpperCase()) : jsonName;
}
