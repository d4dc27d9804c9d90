import type { DescField, DescMessage, Registry } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt';
import { typeOfUrl } from '../type-url.js';
import { isSet } from './check-fields.js';
import { hasOwnJsonForm } from './check-well-known.js';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import type { Findings } from './findings.js';
import { getMember } from './json-fields.js';

const ANY = 'google.protobuf.Any';

/** Finds required fields of proto2 that a request lacks, wherever their message appears. */
export class RequiredFields {
  private constructor(private readonly registry: Registry) {}

  /** Undefined for requests that cannot hold a message with a required field. */
  static compile(desc: DescMessage, registry: Registry): RequiredFields | undefined {
    return reachesRequired(desc, registry) ? new RequiredFields(registry) : undefined;
  }

  /** Adds a finding for each one that is missing. The JSON has been checked and is whole: path and query are in it. */
  check(desc: DescMessage, value: JsonNode, findings: Findings): void {
    if (!isObject(value)) return;
    const packed = desc.typeName === ANY ? this.packedType(value) : undefined;
    if (packed !== undefined)
      return this.check(packed, hasOwnJsonForm(packed) ? (value['value'] ?? null) : value, findings);
    if (hasOwnJsonForm(desc)) return;
    for (const field of desc.fields) this.checkField(field, value, findings);
    for (const key of Object.keys(value)) {
      const extension = key.startsWith('[') ? this.registry.getExtension(key.slice(1, -1)) : undefined;
      if (extension?.message === undefined) continue;
      findings.enter(key);
      this.checkValues(extension as unknown as DescField, value[key] ?? null, findings);
      findings.leave();
    }
  }

  private checkField(field: DescField, object: JsonObject, findings: Findings): void {
    const isMissing = isRequired(field) && !isSet(object, field);
    if (!isMissing && field.message === undefined) return;
    findings.enter(Object.hasOwn(object, field.name) ? field.name : field.jsonName);
    if (isMissing) findings.add('is required');
    else this.checkValues(field, getMember(object, field) ?? null, findings);
    findings.leave();
  }

  private checkValues(field: DescField, value: JsonNode, findings: Findings): void {
    const desc = field.message as DescMessage;
    if (field.fieldKind === 'message') return this.check(desc, value, findings);
    const elements = Array.isArray(value) ? [...value.entries()] : Object.entries(isObject(value) ? value : {});
    for (const [step, element] of elements) {
      findings.enter(step);
      this.check(desc, element, findings);
      findings.leave();
    }
  }

  private packedType(value: JsonObject): DescMessage | undefined {
    const url = Object.hasOwn(value, '@type') ? value['@type'] : undefined;
    return typeof url === 'string' ? typeOfUrl(this.registry, url) : undefined;
  }
}

function isRequired(field: DescField): boolean {
  return field.presence === Presence.LEGACY_REQUIRED;
}

/** An Any and an extension may bring in every type there is. */
function reachesRequired(desc: DescMessage, registry: Registry): boolean {
  const seen = new Set([desc]);
  for (const scope of seen) {
    if (scope.fields.some(isRequired)) return true;
    if (scope.typeName === ANY || scope.proto.extensionRange.length > 0) {
      for (const type of registry) if (type.kind === 'message') seen.add(type);
    }
    for (const field of scope.fields) if (field.message !== undefined) seen.add(field.message);
  }
  return false;
}
