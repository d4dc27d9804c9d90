/** A parsed JSON value, before it is checked against a descriptor. */
export type JsonNode = null | boolean | number | string | ExactNumber | JsonNode[] | JsonObject;

/** A parsed JSON object. Its keys come from the client and must be looked up with `Object.hasOwn`. */
export interface JsonObject {
  [key: string]: JsonNode;
}

/** A number of the body together with its digits, which a double would change. */
export class ExactNumber {
  readonly value: number;

  constructor(readonly source: string) {
    this.value = Number(source);
  }
}

/** Returns whether a value is a JSON object, not an array or number. */
export function isObject(value: JsonNode | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/**
 * Maximum length of a number, in characters. The shortest decimal form of any double fits, in plain notation too: that
 * of 5e-324 has 326 characters, that of 1.7976931348623157e308 has 309.
 */
export const MAX_NUMBER_LENGTH = 512;

const PLAIN_INTEGER = /^-?(?:0|[1-9]\d*)$/;
const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** Number of digits of the longest 64-bit integer, plus one for an integer that is too large. */
const MAX_DIGITS = 21;

/** Returns whether a string is a number in the grammar of JSON, as proto3 JSON requires of quoted numbers. */
export function isJsonNumber(text: string): boolean {
  return text.length <= MAX_NUMBER_LENGTH && NUMBER.test(text);
}

/**
 * Returns the integer that a JSON number represents (`1e3`, `1.50e1`), in canonical decimal digits. Returns undefined
 * for other strings and fractions; integers beyond 64 bits become a larger one of 22 digits.
 */
export function toInteger(source: string): string | undefined {
  if (source.length < MAX_DIGITS && PLAIN_INTEGER.test(source)) return source === '-0' ? '0' : source;
  const match = source.length <= MAX_NUMBER_LENGTH ? NUMBER.exec(source) : null;
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return '0';
  const significant = digits.replace(/0+$/, '');
  const zeros = Number(exponent) - fraction.length + (digits.length - significant.length);
  if (zeros < 0) return undefined;
  if (significant.length + zeros > MAX_DIGITS) return `${sign}1${'0'.repeat(MAX_DIGITS)}`;
  return sign + significant + '0'.repeat(zeros);
}
