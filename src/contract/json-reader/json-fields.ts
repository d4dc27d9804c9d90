import type { DescField } from '@bufbuild/protobuf';
import { isSet } from './check-fields.js';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import type { Violations } from './violations.js';

/** Returns the value of a field in an object, under either of its names; undefined when it has neither. */
export function getMember(object: JsonObject, field: DescField): JsonNode | undefined {
  if (Object.hasOwn(object, field.jsonName)) return object[field.jsonName];
  return Object.hasOwn(object, field.name) ? object[field.name] : undefined;
}

/** Returns the value at the end of a path of singular fields. */
export function getField(object: JsonObject, fields: readonly DescField[]): JsonNode | undefined {
  let node: JsonNode | undefined = object;
  for (const field of fields) {
    if (!isObject(node)) return undefined;
    node = getMember(node, field);
  }
  return node;
}

/**
 * Sets the field at the end of a path of singular fields, and creates the objects on the way. An existing value is
 * replaced.
 */
export function setField(
  object: JsonObject,
  fields: readonly DescField[],
  value: JsonNode,
  violations: Violations,
): void {
  let node = object;
  for (const [index, field] of fields.entries()) {
    const rival = field.oneof?.fields.find((other) => other !== field && isSet(node, other));
    if (rival !== undefined) violations.add(`only one of "${rival.jsonName}" and "${field.jsonName}" may be given`);
    const found = getMember(node, field);
    const next = index === fields.length - 1 ? value : isObject(found) ? found : {};
    if (field.name !== field.jsonName) delete node[field.name];
    setOwn(node, field.jsonName, next);
    node = next as JsonObject;
  }
}

/** Sets a key whose name comes from the client or a contract: `__proto__` is treated like any other. */
export function setOwn(object: JsonObject, key: string, value: JsonNode): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
