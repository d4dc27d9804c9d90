import type { StringRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import type { Json, JsonObject } from '../openapi/json.js';
import { given } from './given-rules.js';

/** Formats of JSON Schema, each with an example. */
const FORMATS: Readonly<Record<string, readonly [format: string, example: string]>> = {
  email: ['email', 'user@example.com'],
  hostname: ['hostname', 'example.com'],
  ipv4: ['ipv4', '192.0.2.1'],
  ipv6: ['ipv6', '2001:db8::1'],
  uri: ['uri', 'https://example.com/'],
  uriRef: ['uri-reference', '/path'],
  uuid: ['uuid', '0199a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b'],
};

/** Returns the rules of a string as keywords of JSON Schema. */
export function textBounds(rules: StringRules): JsonObject {
  const length = given(rules, 'len');
  const { in: allowed, notIn, wellKnown } = rules;
  const pattern = patternOf(rules);
  return {
    ...bound('const', given(rules, 'const')),
    ...bound('minLength', count(length ?? given(rules, 'minLen'))),
    ...bound('maxLength', count(length ?? given(rules, 'maxLen'))),
    ...bound('pattern', pattern),
    ...(allowed.length > 0 ? { enum: allowed } : {}),
    ...(notIn.length > 0 ? { not: { enum: notIn } } : {}),
    ...bound('format', wellKnown.value === true ? FORMATS[wellKnown.case]?.[0] : undefined),
  };
}

/** Returns a string that satisfies the rules; null if none is known. */
export function textExample(rules: StringRules, name: string): Json {
  const { example, in: allowed, wellKnown } = rules;
  const known = example[0] ?? given(rules, 'const') ?? allowed[0];
  if (known !== undefined) return known;
  if (wellKnown.case !== undefined) return FORMATS[wellKnown.case]?.[1] ?? null;
  if (isShaped(rules)) return null;
  const length = given(rules, 'len');
  const text = name.replaceAll('_', '-').padEnd(Number(length ?? rules.minLen), 'x');
  const most = length ?? given(rules, 'maxLen');
  return most === undefined ? text : text.slice(0, Number(most));
}

function isShaped(rules: StringRules): boolean {
  const { pattern, prefix, suffix, contains, notContains, notIn } = rules;
  const isInBytes = given(rules, 'lenBytes') ?? given(rules, 'minBytes') ?? given(rules, 'maxBytes');
  return (
    [pattern, prefix, suffix, contains, notContains, ...notIn].some((each) => each !== '') || isInBytes !== undefined
  );
}

/** Returns a pattern of RE2 that has the same meaning in ECMA-262, or one for a prefix, suffix or substring. */
function patternOf(rules: StringRules): string | undefined {
  const { pattern, prefix, suffix, contains } = rules;
  if (pattern !== '') return isEcma(pattern) ? pattern : undefined;
  if (prefix !== '') return `^${escapePattern(prefix)}`;
  if (suffix !== '') return `${escapePattern(suffix)}$`;
  return contains === '' ? undefined : escapePattern(contains);
}

function escapePattern(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`);
}

/** Returns whether a pattern is valid in ECMA-262: flags, `\A`, `\z`, `\Q` and POSIX classes are specific to RE2. */
function isEcma(pattern: string): boolean {
  if (/\(\?[^:]|\\[AzQEC]|\[\[:/.test(pattern)) return false;
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function count(length: bigint | undefined): number | undefined {
  return length === undefined || length > Number.MAX_SAFE_INTEGER ? undefined : Number(length);
}

function bound(keyword: string, value: Json | undefined): JsonObject {
  return value === undefined ? {} : { [keyword]: value };
}
