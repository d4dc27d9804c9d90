import type { DescField } from '@bufbuild/protobuf';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import { dotted } from './field-guard.js';
import type { Violations } from './violations.js';
import { getField, setField, setOwn } from './json-fields.js';
import { mapKeyCheck } from './integer-kind.js';
import type { MessageChecks } from './message-checks.js';
import type { QueryMasks } from './query-masks.js';
import { compileTextReader, isMask } from './text-value.js';
import type { TextReader } from './text-value.js';

/** A field that a parameter sets. */
export interface Target {
  /** Dotted proto names: a field has one path, whatever its spelling. */
  readonly path: string;
  readonly fields: readonly DescField[];
  readonly read: TextReader;
  readonly kind: 'single' | 'mask' | 'list' | 'map';
  /** Returns what is wrong with a key of a map; undefined if nothing is. */
  readonly checkKey: (key: string) => string | undefined;
}

/** The name of a parameter: of a field, or of an entry of a map as in `labels[team]`. */
export interface ParameterName {
  readonly field: string;
  /** Undefined without brackets. */
  readonly key: string | undefined;
}

/** Reason for which a parameter does not set a field. */
export interface Refusal {
  readonly reason: string;
  readonly isUnknown: boolean;
}

/** State of binding the parameters of one request. */
export interface Bound {
  readonly root: JsonObject;
  readonly violations: Violations;
  /** Names of fields and entries that have been given. */
  readonly given: Set<string>;
  readonly masks: QueryMasks;
}

/** Compiles the target of a path of fields; undefined when text cannot set the last of them. */
export function compileTarget(fields: readonly DescField[], checks: MessageChecks): Target | undefined {
  const last = fields.at(-1) as DescField;
  const read = compileTextReader(last, checks.ofElement(last));
  const checkKey = last.fieldKind === 'map' ? mapKeyCheck(last.mapKey) : () => undefined;
  return read && { path: dotted(fields), fields, read, kind: kindOf(last), checkKey };
}

/** Returns what is wrong with the brackets of a name; undefined if nothing is. */
export function findKeyMistake({ kind, fields, checkKey }: Target, { key }: ParameterName): Refusal | undefined {
  const name = fields.map((field) => field.jsonName).join('.');
  if (kind !== 'map' && key === undefined) return undefined;
  if (kind === 'list') return { reason: `a list repeats its parameter: ${name}=a&${name}=b`, isUnknown: true };
  if (kind !== 'map') return { reason: 'only a map takes a key in brackets', isUnknown: true };
  const reason = key === undefined ? `a map is set by its keys: ${name}[key]=value` : checkKey(key);
  return reason === undefined ? undefined : { reason, isUnknown: false };
}

/** Returns whether a singular field, or an entry of a map, has been given before, and records it. */
export function isRepeated({ kind, path }: Target, key: string | undefined, given: Set<string>): boolean {
  if (kind === 'list') return false;
  const name = key === undefined ? path : `${path}[${key}]`;
  const isSecond = given.has(name);
  given.add(name);
  return isSecond;
}

/** Returns the name of a parameter for error messages. */
export function showName(fields: readonly DescField[]): string {
  const name = fields.map((field) => field.jsonName).join('.');
  return fields.at(-1)?.fieldKind === 'map' ? `${name}[key]` : name;
}

function kindOf(field: DescField): Target['kind'] {
  if (field.fieldKind === 'list' || field.fieldKind === 'map') return field.fieldKind;
  return isMask(field) ? 'mask' : 'single';
}

/** Splits `labels[team]` into its field and its key, which may itself contain brackets and dots. */
export function splitName(name: string): ParameterName {
  const open = name.indexOf('[');
  if (open === -1 || !name.endsWith(']')) return { field: name, key: undefined };
  return { field: name.slice(0, open), key: name.slice(open + 1, -1) };
}

/** Sets the value of a parameter; lists and maps get one more entry. */
export function setTarget(
  { kind, fields }: Target,
  key: string,
  value: JsonNode,
  { root, violations, masks }: Bound,
): void {
  if (kind === 'mask' && typeof value === 'string') masks.add(fields, value);
  if (kind === 'single' || kind === 'mask') return setField(root, fields, value, violations);
  const before = getField(root, fields);
  if (kind === 'list') {
    if (Array.isArray(before)) before.push(value);
    else setField(root, fields, [value], violations);
    return;
  }
  const map = isObject(before) ? before : {};
  setOwn(map, key, value);
  if (map !== before) setField(root, fields, map, violations);
}
