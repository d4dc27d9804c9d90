import { ScalarType } from '@bufbuild/protobuf';
import type { DescEnum } from '@bufbuild/protobuf';
import { ExactNumber, isJsonNumber, toInteger } from './exact-number.js';
import type { JsonNode } from './exact-number.js';
import { describe, kindOf, listNames } from './violations.js';
import type { Violations } from './violations.js';
import { INT32, integerKind, isBetween, isWide } from './integer-kind.js';
import type { IntegerKind } from './integer-kind.js';

/**
 * Checks a JSON value against one kind of field and returns it in a form that Protobuf-ES reads exactly. Mistakes are
 * added to `violations`; the returned value must then not be used.
 */
export type Check = (value: JsonNode, violations: Violations) => JsonNode;

function checkString(value: JsonNode, violations: Violations): JsonNode {
  if (typeof value !== 'string') violations.add(`expected a string, got ${kindOf(value)}`);
  return value;
}

function checkBool(value: JsonNode, violations: Violations): JsonNode {
  if (typeof value !== 'boolean') violations.add(`expected true or false, got ${describe(value)}`);
  return value;
}

const BASE64 = /^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)(={0,2})$/;

/** Checks base64 (RFC 4648), in the standard or URL alphabet, padded or not, without white space. */
function checkBytes(value: JsonNode, violations: Violations): JsonNode {
  const match = typeof value === 'string' ? BASE64.exec(value) : null;
  const padding = match?.[1] ?? '';
  const length = typeof value === 'string' ? value.length : 0;
  const isWhole = padding === '' ? length % 4 !== 1 : length % 4 === 0;
  if (match === null || !isWhole) violations.add(`expected base64 (RFC 4648), got ${describe(value)}`);
  return value;
}

function integerCheck(kind: IntegerKind): Check {
  const wide = isWide(kind);
  const least = Math.max(Number(kind.min), Number.MIN_SAFE_INTEGER);
  const most = Math.min(Number(kind.max), Number.MAX_SAFE_INTEGER);
  return (value, violations) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value + 0;
    const digits = integerDigits(value);
    if (digits === undefined) violations.add(`expected ${kind.name}, got ${describe(value)}`);
    else if (!isBetween(BigInt(digits), kind))
      violations.add(`out of range: expected ${kind.name}, got ${describe(value)}`);
    else return wide ? digits : Number(digits);
    return null;
  };
}

/** Returns the canonical digits of an integer in any notation; undefined for anything else. */
function integerDigits(value: JsonNode): string | undefined {
  if (value instanceof ExactNumber) return toInteger(value.source);
  if (typeof value === 'number') return toInteger(String(value));
  return typeof value === 'string' ? toInteger(value) : undefined;
}

/** The largest double that rounds to a finite float. */
const MAX_TO_FLOAT = 3.4028235677973362e38;
const REAL_WORDS = new Set(['NaN', 'Infinity', '-Infinity']);

/**
 * Returns the check of a floating-point type.
 * @param bound largest magnitude that rounds to a finite value of the type.
 */
function realCheck(name: string, bound: number): Check {
  return (value, violations) => {
    if (typeof value === 'string' && REAL_WORDS.has(value)) return value;
    const real = realOf(value);
    if (real === undefined) violations.add(`expected ${name}, got ${describe(value)}`);
    else if (!(Math.abs(real) <= bound)) violations.add(`out of range: expected ${name}, got ${describe(value)}`);
    return real ?? null;
  };
}

function realOf(value: JsonNode): number | undefined {
  if (typeof value === 'number') return value;
  if (value instanceof ExactNumber) return value.value;
  return typeof value === 'string' && isJsonNumber(value) ? Number(value) : undefined;
}

/** Returns the check of an enum: a name, or a number. Closed enums (proto2) accept only numbers that they declare. */
export function enumCheck(desc: DescEnum): Check {
  const names = new Set(desc.values.flatMap((value) => [value.name, value.jsonName]));
  const numbers = new Set(desc.values.map((value) => value.number));
  const known = listNames(desc.values.map((value) => value.name));
  const checkNumber = integerCheck(INT32);
  return (value, violations) => {
    if (typeof value === 'string' && names.has(value)) return value;
    if (typeof value !== 'number' && !(value instanceof ExactNumber)) {
      violations.add(`expected one of ${known}, got ${describe(value)}`);
      return null;
    }
    const number = checkNumber(value, violations);
    if (!desc.open && typeof number === 'number' && !numbers.has(number)) {
      violations.add(`expected one of ${known}, got ${describe(value)}`);
    }
    return number;
  };
}

const OTHER_CHECKS: ReadonlyMap<ScalarType, Check> = new Map([
  [ScalarType.STRING, checkString],
  [ScalarType.BOOL, checkBool],
  [ScalarType.BYTES, checkBytes],
  [ScalarType.DOUBLE, realCheck('a double', Number.MAX_VALUE)],
  [ScalarType.FLOAT, realCheck('a float', MAX_TO_FLOAT)],
]);

/** Returns the check of a scalar, exactly as strict as proto3 JSON. */
export function scalarCheck(scalar: ScalarType): Check {
  return OTHER_CHECKS.get(scalar) ?? integerCheck(integerKind(scalar));
}
