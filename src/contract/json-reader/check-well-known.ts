import type { DescMessage } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { ExactNumber, isObject } from './exact-number.js';
import type { JsonNode } from './exact-number.js';
import type { Check } from './check-scalar.js';
import { describe } from './violations.js';
import type { Violations } from './violations.js';

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](\d\d):(\d\d))$/;
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
const DURATION = /^-?(\d{1,12})(?:\.\d{1,9})?s$/;
const MAX_DURATION_SECONDS = 315_576_000_000;
const MAX_MASK_PATHS = 1000;
const MASK_PATH = /^(?:\*|[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)$/;

/** Checks of the messages that have a special form in proto3 JSON; wrappers and Any need descriptors. */
export const WELL_KNOWN_CHECKS: ReadonlyMap<string, Check> = new Map([
  ['google.protobuf.Timestamp', checkTimestamp],
  ['google.protobuf.Duration', checkDuration],
  ['google.protobuf.FieldMask', checkFieldMask],
  ['google.protobuf.Struct', checkStruct],
  ['google.protobuf.Value', checkValue],
  ['google.protobuf.ListValue', checkListValue],
]);

/** Returns whether the JSON form of a message is not an object of its fields. */
export function hasOwnJsonForm(desc: DescMessage): boolean {
  return WELL_KNOWN_CHECKS.has(desc.typeName) || desc.typeName === 'google.protobuf.Any' || isWrapperDesc(desc);
}

/** Checks a timestamp: RFC 3339 with upper-case T and Z, years 1 to 9999, valid dates, no leap second. */
function checkTimestamp(value: JsonNode, violations: Violations): JsonNode {
  const match = typeof value === 'string' ? TIMESTAMP.exec(value) : null;
  const isTime = match !== null && isRealTime(match.slice(1).map(Number));
  if (!isTime || !isInRange(Date.parse(match[0]))) {
    violations.add(`expected an RFC 3339 time such as "2026-01-31T12:00:00Z", got ${describe(value)}`);
  }
  return value;
}

function isRealTime(parts: readonly number[]): boolean {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offsetHour, offsetMinute] = parts;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  return !((offsetHour ?? 0) > 23 || (offsetMinute ?? 0) > 59);
}

function isInRange(milliseconds: number): boolean {
  return milliseconds >= FIRST_MS && milliseconds <= LAST_MS;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * Checks a duration: at most 10,000 years of whole seconds in either direction, plus nanoseconds
 * (google/protobuf/duration.proto).
 */
function checkDuration(value: JsonNode, violations: Violations): JsonNode {
  const match = typeof value === 'string' ? DURATION.exec(value) : null;
  if (match === null) violations.add(`expected a duration in seconds such as "1.5s", got ${describe(value)}`);
  else if (Number(match[1]) > MAX_DURATION_SECONDS) {
    violations.add(`out of range: a duration is at most ${MAX_DURATION_SECONDS} seconds, got ${describe(value)}`);
  }
  return value;
}

/**
 * Checks a mask: paths in lowerCamelCase separated by commas, since an underscore would be ambiguous with a capital in
 * JSON.
 */
function checkFieldMask(value: JsonNode, violations: Violations): JsonNode {
  if (typeof value !== 'string') {
    violations.add(`expected a field mask such as "displayName,labels", got ${describe(value)}`);
    return value;
  }
  const hasUnderscore = value.includes('_');
  return checkMaskPaths(value, violations, 'expected field paths in lowerCamelCase', hasUnderscore);
}

/**
 * Checks paths in either casing. Returns an empty mask for one that is too long, so that it is not processed further.
 */
export function checkMaskPaths(
  text: string,
  violations: Violations,
  expected: string,
  refusesSnakeCase = false,
): string {
  if (text === '') return text;
  const paths = text.split(',', MAX_MASK_PATHS + 1);
  if (paths.length > MAX_MASK_PATHS) {
    violations.add(`a field mask has more than ${MAX_MASK_PATHS} paths`);
    return '';
  }
  const wrong = paths.find((path) => !MASK_PATH.test(path) || (refusesSnakeCase && path.includes('_')));
  if (wrong !== undefined) violations.add(`${expected}, got ${describe(wrong)}`);
  return text;
}

function checkStruct(value: JsonNode, violations: Violations): JsonNode {
  if (!isObject(value)) violations.add(`expected an object, got ${describe(value)}`);
  return checkValue(value);
}

function checkListValue(value: JsonNode, violations: Violations): JsonNode {
  if (!Array.isArray(value)) violations.add(`expected an array, got ${describe(value)}`);
  return checkValue(value);
}

/** Accepts any JSON value; its numbers are doubles by definition. */
function checkValue(value: JsonNode): JsonNode {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ExactNumber) return value.value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (value[index] instanceof Object) value[index] = checkValue(value[index] as JsonNode);
    }
  } else {
    for (const key of Object.keys(value)) {
      if (value[key] instanceof Object) value[key] = checkValue(value[key] as JsonNode);
    }
  }
  return value;
}
