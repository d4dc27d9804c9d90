import { clone, create, createFileRegistry } from '@bufbuild/protobuf';
import type { DescFile, DescMessage, FileRegistry, Registry } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { rulesOf } from '../field-rules.js';
import type { FieldMarks } from './field-marks.js';

/** Cache: the responses of a service mostly redact the same fields, and a schema takes 20 ms to build. */
const built = new WeakMap<Registry, Map<string, FileRegistry>>();
/** Cache of whether a registry has a field that is redacted by its own option. */
const hiding = new WeakMap<Registry, boolean>();

/**
 * Returns the same types without the redacted fields. A reader or writer that uses them cannot see a redacted field:
 * not in a message, not in an Any, not as a default. Built once per registry and set of fields.
 */
export function redactSchema(desc: DescMessage, registry: Registry, marks: FieldMarks): FileRegistry {
  if (registry.getMessage(desc.typeName) === undefined) return build(desc, registry, marks);
  const schemas = built.get(registry) ?? new Map<string, FileRegistry>();
  built.set(registry, schemas);
  const schema = schemas.get(marks.redactedKey) ?? build(desc, registry, marks);
  schemas.set(marks.redactedKey, schema);
  return schema;
}

/** Returns whether a field of these types is redacted by its own option, whatever a policy says. */
export function hidesFields(desc: DescMessage, registry: Registry): boolean {
  const isKnown = registry.getMessage(desc.typeName) !== undefined;
  const known = isKnown ? hiding.get(registry) : undefined;
  if (known !== undefined) return known;
  const hides = filesOf(desc, registry).some(
    ({ extension, messageType }) => extension.some(isHidden) || messageType.some(holdsHidden),
  );
  if (isKnown) hiding.set(registry, hides);
  return hides;
}

function holdsHidden({ field, extension, nestedType }: DescriptorProto): boolean {
  return field.some(isHidden) || extension.some(isHidden) || nestedType.some(holdsHidden);
}

function isHidden(field: FieldDescriptorProto): boolean {
  return rulesOf(field).redact;
}

function build(desc: DescMessage, registry: Registry, marks: FieldMarks): FileRegistry {
  const file = filesOf(desc, registry).map((proto) => redactFile(proto, marks));
  return createFileRegistry(create(FileDescriptorSetSchema, { file }));
}

function filesOf(desc: DescMessage, registry: Registry): FileDescriptorProto[] {
  const files = new Map<string, DescFile>();
  collect(desc.file, files);
  for (const type of registry) collect(type.file, files);
  return Array.from(files.values(), ({ proto }) => proto);
}

/** Collects files in the order of their dependencies. */
function collect(file: DescFile, files: Map<string, DescFile>): void {
  if (files.has(file.proto.name)) return;
  for (const dependency of file.dependencies) collect(dependency, files);
  files.set(file.proto.name, file);
}

function redactFile(file: FileDescriptorProto, marks: FieldMarks): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file);
  copy.extension = copy.extension.filter((extension) => !isHidden(extension));
  for (const message of copy.messageType) redactMessage(message, copy.package, marks);
  return copy;
}

function redactMessage(message: DescriptorProto, scope: string, marks: FieldMarks): void {
  const typeName = scope === '' ? message.name : `${scope}.${message.name}`;
  message.field = message.field.filter((field) => !marks.isRedacted(typeName, field));
  message.extension = message.extension.filter((extension) => !isHidden(extension));
  for (const nested of message.nestedType) redactMessage(nested, typeName, marks);
}
