import type { DescField } from '@bufbuild/protobuf';
import type { Check } from './check-scalar.js';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import { describe, listNames } from './violations.js';
import type { Violations } from './violations.js';
import { mapKeyCheck } from './integer-kind.js';

/** A field with the data to check it inside its message. */
export interface FieldEntry {
  readonly field: DescField;
  readonly check: Check;
  /** Other members of its oneof. */
  readonly rivals: readonly DescField[];
  /** True if the field is removed from requests, whatever its value (OUTPUT_ONLY of AIP-203). */
  readonly isIgnored: boolean;
}

/** The fields of a message, by proto name and by JSON name. */
export interface FieldTable {
  readonly entries: ReadonlyMap<string, FieldEntry>;
  /** Extensions of proto2 by their key in JSON, which is the full name in brackets. */
  readonly extensions: ReadonlyMap<string, Check>;
  /** Names of the fields, for error messages. */
  readonly known: string;
}

/**
 * Checks the members of an object against the fields of a message.
 * @param ignored key that does not stand for a field (`@type`).
 */
export function checkFields(object: JsonObject, table: FieldTable, violations: Violations, ignored?: string): void {
  for (const key of Object.keys(object)) {
    if (violations.isFull) return;
    if (key === ignored) continue;
    violations.enter(key);
    const entry = table.entries.get(key);
    const extension = entry === undefined ? table.extensions.get(key) : undefined;
    if (entry !== undefined) checkMember(object, key, entry, violations);
    else if (extension !== undefined) checkExtension(object, key, extension, violations);
    else violations.addUnknown(`unknown field; known fields are ${table.known}`);
    violations.leave();
  }
}

function checkMember(object: JsonObject, key: string, entry: FieldEntry, violations: Violations): void {
  const { field } = entry;
  if (entry.isIgnored) return void delete object[key];
  if (key !== field.jsonName && Object.hasOwn(object, field.jsonName)) {
    violations.add(`given twice, as "${key}" and as "${field.jsonName}"`);
  }
  const value = object[key] as JsonNode;
  if (entry.rivals.length > 0 && checkRivals(object, key, entry, violations)) return;
  const checked = entry.check(value, violations);
  if (checked !== value) object[key] = checked;
}

/** Checks an extension. One that is null is removed, since Protobuf-ES would set it to its default. */
function checkExtension(object: JsonObject, key: string, check: Check, violations: Violations): void {
  const checked = check(object[key] as JsonNode, violations);
  if (checked === null) delete object[key];
  else object[key] = checked;
}

/**
 * Returns whether a member is null beside another of its oneof: it is then removed, since Protobuf-ES would count it as
 * set.
 */
function checkRivals(object: JsonObject, key: string, entry: FieldEntry, violations: Violations): boolean {
  const { field, rivals } = entry;
  const rival = rivals.find((each) => isSet(object, each));
  if (rival === undefined) return false;
  if (object[key] === null && !takesNull(field)) return delete object[key];
  if (rival.number < field.number)
    violations.add(`only one of "${rival.jsonName}" and "${field.jsonName}" may be given`);
  return false;
}

/** Returns whether an object sets a field, under either name; null sets only a Value or a NullValue. */
export function isSet(object: JsonObject, field: DescField): boolean {
  return [field.jsonName, field.name].some(
    (name) => Object.hasOwn(object, name) && (object[name] !== null || takesNull(field)),
  );
}

/** Returns whether JSON null is a value of the field instead of its absence. */
export function takesNull(field: DescField): boolean {
  return field.message?.typeName === 'google.protobuf.Value' || field.enum?.typeName === 'google.protobuf.NullValue';
}

/** Returns the check of a repeated field. */
export function listCheck(field: DescField, check: Check): Check {
  const allowsNull = takesNull(field);
  return (value, violations) => {
    if (value === null) return null;
    if (!Array.isArray(value)) {
      violations.add(`expected an array, got ${describe(value)}`);
      return null;
    }
    for (let index = 0; index < value.length && !violations.isFull; index++) {
      const element = value[index] as JsonNode;
      violations.enter(index);
      if (element === null && !allowsNull) violations.add('expected a value, got null');
      else value[index] = check(element, violations);
      violations.leave();
    }
    return value;
  };
}

/** Returns the check of a map field. */
export function mapCheck(field: DescField & { fieldKind: 'map' }, check: Check): Check {
  const allowsNull = takesNull(field);
  const isKey = mapKeyCheck(field.mapKey);
  return (value, violations) => {
    if (value === null) return null;
    if (!isObject(value)) {
      violations.add(`expected an object, got ${describe(value)}`);
      return null;
    }
    for (const key of Object.keys(value)) {
      if (violations.isFull) break;
      const element = value[key] as JsonNode;
      violations.enter(key);
      const problem = isKey(key);
      if (problem !== undefined) violations.add(problem);
      if (element === null && !allowsNull) violations.add('expected a value, got null');
      else value[key] = check(element, violations);
      violations.leave();
    }
    return value;
  };
}

/** Returns the names of fields as clients write them. */
export function jsonNames(fields: readonly DescField[]): string {
  return listNames(fields.map((field) => field.jsonName));
}
