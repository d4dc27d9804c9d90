import type { DescMessage, Registry } from '@bufbuild/protobuf';
import { typeOfUrl } from '../type-url.js';
import { checkFields } from './check-fields.js';
import type { FieldTable } from './check-fields.js';
import type { Check } from './check-scalar.js';
import { hasOwnJsonForm } from './check-well-known.js';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import { describe } from './findings.js';
import type { Findings } from './findings.js';

interface Types {
  ofMessage(desc: DescMessage): Check;
  tableOf(desc: DescMessage): FieldTable;
}

/** The check of google.protobuf.Any, whose type must be in the registry; `{}` is one without a type. */
export function anyCheck(registry: Registry, types: Types): Check {
  return (value, findings) => {
    if (!isObject(value)) {
      findings.add(`expected an object with "@type", got ${describe(value)}`);
      return null;
    }
    if (Object.keys(value).length === 0) return value;
    const desc = findType(value, registry, findings);
    if (desc === undefined) return value;
    if (hasOwnJsonForm(desc)) checkValueMember(value, types.ofMessage(desc), findings);
    else checkFields(value, types.tableOf(desc), findings, '@type');
    return value;
  };
}

function findType(object: JsonObject, registry: Registry, findings: Findings): DescMessage | undefined {
  const url: JsonNode = Object.hasOwn(object, '@type') ? (object['@type'] as JsonNode) : null;
  const desc = typeof url === 'string' ? typeOfUrl(registry, url) : undefined;
  if (desc === undefined) {
    findings.enter('@type');
    findings.add(`expected the URL of a known message type, got ${describe(url)}`);
    findings.leave();
  }
  return desc;
}

/** Protobuf-ES overlooks all keys but `value` here. */
function checkValueMember(object: JsonObject, check: Check, findings: Findings): void {
  if (!Object.hasOwn(object, 'value')) findings.add('expected the key "value" beside "@type"');
  for (const key of Object.keys(object)) {
    if (key === '@type' || findings.isFull) continue;
    findings.enter(key);
    if (key === 'value') object[key] = check(object[key] as JsonNode, findings);
    else findings.addUnknown('unknown field; known fields are @type, value');
    findings.leave();
  }
}
