const MAX_TEXT = 512;
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;

/** Text of a backend as a client may see it: one line, well-formed, at most 512 characters. */
export function sanitise(text: string): string {
  return text.slice(0, MAX_TEXT).replace(CONTROL, ' ').trim().toWellFormed();
}
