import { type DescField, ScalarType } from '@bufbuild/protobuf';

/** Field that an example is for. */
export interface ExampleSubject {
  readonly field: DescField;
  readonly scalar: ScalarType;
  /** Index of the message in a list or stream, from 1. Identifiers differ by it. */
  readonly ordinal: number;
}

type TextExample = (ordinal: number, field: DescField) => string;
type NumberExample = (ordinal: number) => number;

/** Examples by the name of the field; the first match is used. */
const TEXTS: readonly (readonly [RegExp, TextExample])[] = [
  [/(^|_)e?mail(_address)?$/, (n) => `user${n}@example.com`],
  [/(^|_)(uuid|guid)$/, (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`],
  [/(^|_)(url|uri|link|href)$/, (n) => `https://example.com/${n}`],
  [/(^|_)(phone|mobile|phone_number)$/, (n) => `+1555${String(n).padStart(7, '0')}`],
  [/(^|_)currency(_code)?$/, () => 'EUR'],
  [/(^|_)(country|region)(_code)?$/, () => 'DE'],
  [/(^|_)(language|locale|lang)(_code)?$/, () => 'en'],
  [/(^|_)time_?zone$/, () => 'Europe/Berlin'],
  [/(^|_)ip(_address)?$/, (n) => `192.0.2.${n % 256}`],
  [/(^|_)date$/, () => '2026-01-05'],
  [/_(at|time)$/, () => '2026-01-05T09:00:00Z'],
  [/(^|_)etag$/, (n) => `"${n}"`],
  [/(^|_)first_name$/, () => 'Ada'],
  [/(^|_)(last_name|surname)$/, () => 'Adler'],
  [/(^|_)city$/, () => 'Berlin'],
  [/(^|_)(postal_code|zip_code|zip)$/, () => '10115'],
  [/(^|_)street$/, (n) => `Example Street ${n}`],
  [/(^|_)(content|mime|media)_type$/, () => 'text/plain'],
  [/(^|_)version$/, () => '1.0.0'],
  [/(^|_)(name|title)$/, (n, field) => `Example ${wordsOf(field.parent.name)} ${n}`],
  [/^ids?$/, (n, field) => `${snake(field.parent.name)}-${n}`],
  [/_ids?$/, (n, field) => `${field.name.replace(/_ids?$/, '')}-${n}`],
];

const NUMBERS: readonly (readonly [RegExp, NumberExample])[] = [
  [/(^|_)(lat|latitude)$/, () => 52.5],
  [/(^|_)(lng|lon|longitude)$/, () => 13.4],
  [/(^|_)(price|amount|total|cost|cents|units)(_cents)?$/, () => 1999],
  [/(^|_)(quantity|count|size)$/, () => 2],
  [/(^|_)(ratio|rate|percent|score)$/, () => 0.5],
  [/(^|_)year$/, () => 2026],
  [/_(at|time)(_ms|_millis)$/, () => 1_767_603_600_000],
  [/_(at|time)(_seconds)?$/, () => 1_767_603_600],
];

/** Matches flags of an ended state, which are false. */
const ENDED = /(^|_)(deleted|disabled|suspended|revoked|blocked|locked|archived|expired|cancell?ed)$/;
const FRACTIONAL: ReadonlySet<ScalarType> = new Set([ScalarType.DOUBLE, ScalarType.FLOAT]);
const LONG: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);
const MAX_INT32 = 2 ** 31 - 1;

/** Returns an example of the type of a field, as Protobuf-ES reflection takes it, chosen by its name. */
export function exampleScalar(subject: ExampleSubject): string | number | bigint | boolean | Uint8Array {
  const { field, scalar, ordinal } = subject;
  if (scalar === ScalarType.STRING) return exampleText(field, ordinal);
  if (scalar === ScalarType.BOOL) return !ENDED.test(field.name);
  if (scalar === ScalarType.BYTES) return new TextEncoder().encode(`example ${wordsOf(field.name)}`);
  return toNumber(exampleNumber(field, ordinal), scalar);
}

/** Reads an example that a comment gives; undefined if it does not have the type. */
export function parseScalar(text: string, scalar: ScalarType): string | number | bigint | boolean | undefined {
  if (scalar === ScalarType.STRING) return text;
  if (scalar === ScalarType.BOOL) return text === 'true' ? true : text === 'false' ? false : undefined;
  if (scalar === ScalarType.BYTES) return undefined;
  if (!/^-?\d{1,15}(\.\d{1,9})?$/.test(text)) return undefined;
  const value = Number(text);
  const isUnsigned = scalar === ScalarType.UINT32 || scalar === ScalarType.UINT64;
  const isWhole = FRACTIONAL.has(scalar) || Number.isInteger(value);
  const fits = FRACTIONAL.has(scalar) || LONG.has(scalar) || Math.abs(value) <= MAX_INT32;
  return isWhole && fits && !(isUnsigned && value < 0) ? toNumber(value, scalar) : undefined;
}

/** Returns `order_item` for `OrderItem`. */
export function snake(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

function exampleText(field: DescField, ordinal: number): string {
  const example = TEXTS.find(([pattern]) => pattern.test(field.name))?.[1];
  return example === undefined ? `example ${wordsOf(field.name)}` : example(ordinal, field);
}

function exampleNumber({ name }: DescField, ordinal: number): number {
  const example = NUMBERS.find(([pattern]) => pattern.test(name))?.[1];
  return example === undefined ? ordinal : example(ordinal);
}

/** Converts a number to a type: integers without a fraction, within 32 bits for 32-bit types. */
function toNumber(value: number, scalar: ScalarType): number | bigint {
  if (FRACTIONAL.has(scalar)) return value;
  if (LONG.has(scalar)) return BigInt(Math.trunc(value));
  return Math.trunc(Math.min(value, MAX_INT32));
}

function wordsOf(name: string): string {
  return snake(name).replaceAll('_', ' ');
}
