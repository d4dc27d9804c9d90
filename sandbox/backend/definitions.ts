import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createFileRegistry, type DescFile, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { protoPath as HEALTH_PROTO } from 'grpc-health-check';

const DESCRIPTORS = new URL('../../src/gen/descriptors.binpb', import.meta.url);
const PROTO_ROOT = fileURLToPath(new URL('../../proto', import.meta.url));

/**
 * Loads `proto/<name>/v1/<name>.proto`. The .proto file and not the descriptor set of the gateway: from a descriptor
 * set @grpc/proto-loader makes no camel case names and no maps.
 */
export function loadDefinitions(name: string): PackageDefinition {
  return loadSync(`${name}/v1/${name}.proto`, {
    includeDirs: [PROTO_ROOT],
    keepCase: false,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
}

/** Full names of the services in a definition. */
export function serviceNames(definitions: PackageDefinition): string[] {
  return Object.entries(definitions).flatMap(([name, definition]) => ('format' in definition ? [] : [name]));
}

/**
 * Describes a backend for server reflection: its proto file, all files that it imports, and the health service. They
 * come from the descriptor set, because @grpc/proto-loader leaves the imports out of the files that it makes.
 */
export function reflectedDefinitions(name: string): PackageDefinition {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(DESCRIPTORS)));
  const file = registry.getFile(`${name}/v1/${name}.proto`);
  if (file === undefined) throw new Error(`the descriptor set has no file ${name}/v1/${name}.proto`);
  const files = [healthFile(), ...[...withImports(file)].map(({ proto }) => proto)];
  const fileDescriptorProtos = files.map((proto) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto)));
  const type = { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos };
  return { [file.name]: type } as unknown as PackageDefinition;
}

function withImports(file: DescFile, seen = new Set<DescFile>()): Set<DescFile> {
  if (!seen.has(file)) {
    seen.add(file);
    for (const imported of file.dependencies) withImports(imported, seen);
  }
  return seen;
}

/** The file of grpc.health.v1, with the entries of its maps named as protoc names them: `StatusesEntry`. */
function healthFile(): FileDescriptorProto {
  const { fileDescriptorProtos } = loadSync(HEALTH_PROTO)['grpc.health.v1.HealthListResponse'] as MessageTypeDefinition<
    object,
    object
  >;
  const [bytes = new Uint8Array()] = fileDescriptorProtos;
  const file = fromBinary(FileDescriptorProtoSchema, bytes);
  for (const message of file.messageType) nameMapEntries(message);
  return file;
}

function nameMapEntries(message: DescriptorProto): void {
  for (const entry of message.nestedType.filter(({ options }) => options?.mapEntry)) {
    const field = message.field.find(({ typeName }) => typeName.split('.').at(-1) === entry.name);
    if (field === undefined) continue;
    const name = `${field.name.charAt(0).toUpperCase()}${field.name.slice(1)}Entry`;
    field.typeName = field.typeName.replace(/[^.]+$/, name);
    entry.name = name;
  }
}
