/** Text without a character that JSON must escape. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const PLAIN = /^[^"\\\u0000-\u001f\ud800-\udfff]*$/;
/** From here on a number of microseconds is left to `String`. */
const MANY_MICROSECONDS = 2 ** 31;
/** What follows the whole milliseconds, by the microseconds beyond them: empty, `.5`, `.123`. */
const FRACTIONS = Array.from({ length: 1000 }, (_, micros) => String(micros / 1000).slice(1));

let lastText = '';
let lastEscaped = '';

/** Returns what stands between the quotes of a text in JSON. A path is written several times and looked at once. */
export function escaped(text: string): string {
  if (text === lastText) return lastEscaped;
  lastText = text;
  lastEscaped = PLAIN.test(text) ? text : JSON.stringify(text).slice(1, -1);
  return lastEscaped;
}

/** Returns ms to the microsecond as JSON, as `JSON.stringify` would; that takes ten times as long for a fraction. */
export function millisecondsText(ms: number): string {
  const micros = Math.round(ms * 1000);
  if (!(micros >= 0 && micros < MANY_MICROSECONDS)) return String(micros / 1000);
  const whole = Math.floor(micros / 1000);
  return `${whole}${FRACTIONS[micros - whole * 1000]}`;
}
