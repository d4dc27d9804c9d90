import type { DescField, DescMessage, Registry } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt';
import { fieldRules } from '../field-rules.js';
import { typeOfUrl } from '../type-url.js';
import { isSet } from './check-fields.js';
import { hasOwnJsonForm } from './check-well-known.js';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import type { Violations } from './violations.js';
import { getMember } from './json-fields.js';
import type { RequestPlace } from './request-place.js';

const ANY = 'google.protobuf.Any';

/** State of the search through one request. */
interface Search {
  readonly violations: Violations;
  readonly mask: readonly string[] | undefined;
  /** Fields from the request message down to the place, including elements of lists and values of maps. */
  readonly fields: readonly DescField[];
}

/**
 * Finds missing required fields wherever their message appears: the required ones of proto2, and those with
 * google.api.field_behavior REQUIRED (AIP-203).
 */
export class RequiredFields {
  private constructor(
    private readonly desc: DescMessage,
    private readonly registry: Registry,
    private readonly place: RequestPlace | undefined,
  ) {}

  /** Returns undefined for requests that cannot contain a message with a required field. */
  static compile(desc: DescMessage, registry: Registry, place?: RequestPlace): RequiredFields | undefined {
    return reachesRequired(desc, registry) ? new RequiredFields(desc, registry, place) : undefined;
  }

  /**
   * Adds a violation for each missing field. The JSON has been checked and is complete: path and query are in it.
   * @param mask of an update, in proto names.
   */
  check(value: JsonNode, violations: Violations, mask?: readonly string[]): void {
    this.checkMessage(this.desc, value, { violations, mask, fields: [] });
  }

  private checkMessage(desc: DescMessage, value: JsonNode, search: Search): void {
    if (!isObject(value)) return;
    const packed = desc.typeName === ANY ? this.packedType(value) : undefined;
    if (packed !== undefined)
      return this.checkMessage(packed, hasOwnJsonForm(packed) ? (value['value'] ?? null) : value, search);
    if (hasOwnJsonForm(desc)) return;
    for (const field of desc.fields) this.checkField(field, value, search);
    for (const key of Object.keys(value)) {
      const extension = key.startsWith('[') ? this.registry.getExtension(key.slice(1, -1)) : undefined;
      if (extension?.message === undefined) continue;
      search.violations.enter(key);
      this.checkValues(extension as unknown as DescField, value[key] ?? null, search);
      search.violations.leave();
    }
  }

  private checkField(field: DescField, object: JsonObject, { violations, mask, fields }: Search): void {
    const isMissing = isAbsent(field, object) && this.isNeeded([...fields, field], mask);
    if (!isMissing && (field.message === undefined || !isSet(object, field))) return;
    // The JSON of a body that is one field begins within that field.
    const isBody = fields.length === 0 && field === this.place?.body;
    if (!isBody) violations.enter(Object.hasOwn(object, field.name) ? field.name : field.jsonName);
    if (isMissing) violations.add('is required');
    else this.checkValues(field, getMember(object, field) ?? null, { violations, mask, fields: [...fields, field] });
    if (!isBody) violations.leave();
  }

  /**
   * Returns whether a field is needed. Without a required field of proto2 a message cannot be encoded, whoever should
   * have set it.
   */
  private isNeeded(fields: readonly DescField[], mask: readonly string[] | undefined): boolean {
    if (fields.at(-1)?.presence === Presence.LEGACY_REQUIRED) return true;
    return this.place === undefined || this.place.answersFor(fields, mask);
  }

  private checkValues(field: DescField, value: JsonNode, search: Search): void {
    const desc = field.message as DescMessage;
    if (field.fieldKind === 'message') return this.checkMessage(desc, value, search);
    const elements = Array.isArray(value) ? [...value.entries()] : Object.entries(isObject(value) ? value : {});
    for (const [step, element] of elements) {
      search.violations.enter(step);
      this.checkMessage(desc, element, search);
      search.violations.leave();
    }
  }

  private packedType(value: JsonObject): DescMessage | undefined {
    const url = Object.hasOwn(value, '@type') ? value['@type'] : undefined;
    return typeof url === 'string' ? typeOfUrl(this.registry, url) : undefined;
  }
}

/** Returns whether a request lacks a required field. */
function isAbsent(field: DescField, object: JsonObject): boolean {
  if (field.presence === Presence.LEGACY_REQUIRED) return !isSet(object, field);
  return fieldRules(field).required && (!isSet(object, field) || isEmpty(field, getMember(object, field)));
}

/**
 * Returns whether a value is empty: an empty string, list or map, or the first value of an enum where its name means
 * "none" (AIP-126). Numbers, booleans and fields with presence are never empty.
 */
function isEmpty(field: DescField, value: JsonNode | undefined): boolean {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return field.presence === Presence.IMPLICIT;
  if (field.fieldKind === 'map') return isObject(value) && Object.keys(value).length === 0;
  const first = field.fieldKind === 'enum' && field.presence === Presence.IMPLICIT ? field.enum.values[0] : undefined;
  if (first === undefined || !first.name.endsWith('_UNSPECIFIED')) return false;
  return value === first.name || value === 0;
}

function isRequired(field: DescField): boolean {
  return field.presence === Presence.LEGACY_REQUIRED || fieldRules(field).required;
}

/** Returns whether a required field is reachable. An Any and an extension may contain every type. */
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
