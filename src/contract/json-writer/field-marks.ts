import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { FieldDescriptorProto } from '@bufbuild/protobuf/wkt';
import { rulesOf } from '../field-rules.js';
import { keyOf } from '../shown-fields.js';

/** Fields of message types that are marked by a policy or by their own options. */
export interface FieldMarks {
  isRedacted(typeName: string, field: FieldDescriptorProto): boolean;
  /** Key of the set of fields that the policy redacts; equal sets have equal keys. */
  readonly redactedKey: string;
  isTenant(field: DescField): boolean;
}

/**
 * Resolves the fields that the paths of a policy name. A path marks the field of the message type in which it ends, so
 * that the mark applies wherever that type appears, inside an Any too. Throws Error, at boot, for a path that does not
 * exist or, for a tenant, does not lead to a string.
 */
export function markFields(desc: DescMessage, redact: readonly string[], tenantFields: readonly string[]): FieldMarks {
  const redacted = new Set(redact.map((path) => keyOf(resolve(desc, path, 'redact'))));
  const tenants = new Set(tenantFields.map((path) => keyOf(resolveTenant(desc, path))));
  return {
    redactedKey: [...redacted].sort().join(' '),
    isRedacted: (typeName, field) => rulesOf(field).redact || redacted.has(`${typeName}#${field.number}`),
    isTenant: (field) => tenants.has(keyOf(field)),
  };
}

function resolveTenant(desc: DescMessage, path: string): DescField {
  const field = resolve(desc, path, 'response_tenant_fields');
  const isText = field.fieldKind !== 'map' && field.scalar === 9;
  if (isText) return field;
  throw new Error(
    `response_tenant_fields: "${path}" of ${desc.typeName} is no string. Name a string field that holds a tenant.`,
  );
}

function resolve(desc: DescMessage, path: string, option: string): DescField {
  let parent: DescMessage | undefined = desc;
  let field: DescField | undefined;
  for (const name of path.split('.')) {
    field = parent?.fields.find((candidate) => candidate.name === name);
    if (!field || parent?.typeName.startsWith('google.protobuf.'))
      throw new Error(noSuchField(desc, path, name, option));
    parent = field.message;
  }
  return field!;
}

function noSuchField(desc: DescMessage, path: string, name: string, option: string): string {
  return (
    `${option}: "${path}" does not lead to a field of ${desc.typeName} ("${name}" is unknown). ` +
    'Write the proto names of the fields from the response message down, with dots between them.'
  );
}
