import type { DescMessage, Registry } from '@bufbuild/protobuf';
import { typeOfUrl } from '../type-url.js';
import { checkFields } from './check-fields.js';
import type { FieldTable } from './check-fields.js';
import type { Check } from './check-scalar.js';
import { hasOwnJsonForm } from './check-well-known.js';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import { describe } from './violations.js';
import type { Violations } from './violations.js';

interface Types {
  ofMessage(desc: DescMessage): Check;
  tableOf(desc: DescMessage): FieldTable;
}

/** Returns the check of google.protobuf.Any, whose type must be in the registry; `{}` is an Any without a type. */
export function anyCheck(registry: Registry, types: Types): Check {
  return (value, violations) => {
    if (!isObject(value)) {
      violations.add(`expected an object with "@type", got ${describe(value)}`);
      return null;
    }
    if (Object.keys(value).length === 0) return value;
    const desc = findType(value, registry, violations);
    if (desc === undefined) return value;
    if (hasOwnJsonForm(desc)) checkValueMember(value, types.ofMessage(desc), violations);
    else checkFields(value, types.tableOf(desc), violations, '@type');
    return value;
  };
}

function findType(object: JsonObject, registry: Registry, violations: Violations): DescMessage | undefined {
  const url: JsonNode = Object.hasOwn(object, '@type') ? (object['@type'] as JsonNode) : null;
  const desc = typeof url === 'string' ? typeOfUrl(registry, url) : undefined;
  if (desc === undefined) {
    violations.enter('@type');
    violations.add(`expected the URL of a known message type, got ${describe(url)}`);
    violations.leave();
  }
  return desc;
}

/** Checks the members of a message with a special JSON form: Protobuf-ES ignores all keys but `value` here. */
function checkValueMember(object: JsonObject, check: Check, violations: Violations): void {
  if (!Object.hasOwn(object, 'value')) violations.add('expected the key "value" beside "@type"');
  for (const key of Object.keys(object)) {
    if (key === '@type' || violations.isFull) continue;
    violations.enter(key);
    if (key === 'value') object[key] = check(object[key] as JsonNode, violations);
    else violations.addUnknown('unknown field; known fields are @type, value');
    violations.leave();
  }
}
