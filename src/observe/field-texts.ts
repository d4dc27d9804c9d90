import type { AccessField, FieldSource, FieldValue } from './access-fields.js';

/** Returns the text of the line for a request. */
export type Text = (source: FieldSource) => string;

/** Placeholder for the principal of requests without one. */
const NOBODY = {};

/** Returns `,"name":value`. */
function fieldText([name]: AccessField, value: FieldValue): string {
  const json = typeof value === 'string' ? `"${escaped(value)}"` : JSON.stringify(value);
  return `,"${name}":${json}`;
}

/** Returns a cached text of fields that seldom change, rebuilt when one of them does. */
export function steadyText(fields: readonly AccessField[]): Text {
  const values: (FieldValue | undefined)[] = fields.map(() => undefined);
  const texts = fields.map(() => '');
  let text = '';
  return (source) => {
    let isKnown = true;
    for (const [at, field] of fields.entries()) {
      const value = field[1](source);
      if (value === values[at]) continue;
      isKnown = false;
      values[at] = value;
      texts[at] = fieldText(field, value);
    }
    if (!isKnown) text = texts.join('');
    return text;
  };
}

/** Returns a text of fields that depend on the principal only, built at its first request. */
export function principalText(fields: readonly AccessField[]): Text {
  const texts = new WeakMap<object, string>();
  return (source) => {
    const key = source.call.principal ?? NOBODY;
    let text = texts.get(key);
    if (text === undefined) texts.set(key, (text = fields.map((field) => fieldText(field, field[1](source))).join('')));
    return text;
  };
}

/** Returns the text of a field that differs for each request, without the quotes around it. */
export function ownText([, read, kind]: AccessField): Text {
  switch (kind) {
    case 'foreign':
      return (source) => escaped(read(source) as string);
    case 'ms':
      return (source) => millisecondsText(read(source) as number);
    default:
      return (source) => String(read(source));
  }
}

/** Matches text without a character that JSON must escape. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const PLAIN = /^[^"\\\u0000-\u001f\ud800-\udfff]*$/;
/** Numbers of microseconds from here on are left to `String`. */
const MANY_MICROSECONDS = 2 ** 31;
/** Text after the whole milliseconds, by the remaining microseconds: empty, `.5`, `.123`. */
const FRACTIONS = Array.from({ length: 1000 }, (_, micros) => String(micros / 1000).slice(1));

let lastText = '';
let lastEscaped = '';

/**
 * Returns a text escaped for a JSON string, without quotes. Remembers the last path, which is written several times.
 */
function escaped(text: string): string {
  if (text === lastText) return lastEscaped;
  lastText = text;
  lastEscaped = PLAIN.test(text) ? text : JSON.stringify(text).slice(1, -1);
  return lastEscaped;
}

/**
 * Returns ms to the microsecond as JSON, with the result of `JSON.stringify` but about ten times as fast for
 * fractions.
 */
function millisecondsText(ms: number): string {
  const micros = Math.round(ms * 1000);
  if (!(micros >= 0 && micros < MANY_MICROSECONDS)) return String(micros / 1000);
  const whole = Math.floor(micros / 1000);
  return `${whole}${FRACTIONS[micros - whole * 1000]}`;
}
