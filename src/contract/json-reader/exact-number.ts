/** A JSON value as parsed, before a descriptor has said what it should be. */
export type JsonNode = null | boolean | number | string | ExactNumber | JsonNode[] | JsonObject;

/** A JSON object as parsed. Its keys are the client's: look them up with `Object.hasOwn`. */
export interface JsonObject {
  [key: string]: JsonNode;
}

/** A number of the body together with its digits, for those that a double would change. */
export class ExactNumber {
  readonly value: number;

  constructor(readonly source: string) {
    this.value = Number(source);
  }
}

/** Whether a value is a JSON object (no array, no number). */
export function isObject(value: JsonNode | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/**
 * Longest number that is read, in characters. The shortest decimal form of any double fits, in plain notation too:
 * that of 5e-324 has 326 characters, that of 1.7976931348623157e308 has 309.
 */
export const MAX_NUMBER_LENGTH = 512;

const PLAIN_INTEGER = /^-?(?:0|[1-9]\d*)$/;
const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** Digits of the longest 64-bit integer, and room for one that is too large. */
const MAX_DIGITS = 21;

/** Whether a string is a number by the grammar of JSON, as proto3 JSON asks of quoted numbers. */
export function isJsonNumber(text: string): boolean {
  return text.length <= MAX_NUMBER_LENGTH && NUMBER.test(text);
}

/**
 * The integer that a JSON number stands for (`1e3`, `1.50e1`), in canonical decimal digits.
 * Undefined when it is no number or no integer; integers beyond 64 bits are cut to a larger one of 22 digits.
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
