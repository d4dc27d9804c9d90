/**
 * Text operations for header values. Header values are bytes, which Node gives as one character each (latin1), so
 * `trim()` would strip the byte A0 as a no-break space and `toLowerCase()` would change letters beyond ASCII.
 */

const OUTER_OWS = /^[ \t]+|[ \t]+$/g;
const NON_ASCII = /[^\0-\x7f]/;
const UPPER_LETTERS = /[A-Z]+/g;

/** Strips optional white space, SP and HTAB alone, from both ends (RFC 9110 5.6.3). */
export function trimOws(value: string): string {
  return isOws(value.charCodeAt(0)) || isOws(value.charCodeAt(value.length - 1)) ? value.replace(OUTER_OWS, '') : value;
}

/** Lowers the letters A to Z and leaves every other byte unchanged (RFC 9110 5.1, 5.6.2: tokens are ASCII). */
export function lowerAscii(value: string): string {
  return NON_ASCII.test(value) ? value.replace(UPPER_LETTERS, lowerAsciiOnly) : lowerAsciiOnly(value);
}

/** Returns the media type of a Content-Type or Accept member, lowered and without its parameters (RFC 9110 8.3.1). */
export function mediaTypeOf(value: string): string {
  const end = value.indexOf(';');
  return lowerAscii(trimOws(end === -1 ? value : value.slice(0, end)));
}

/** Lowers a string that contains only ASCII. */
function lowerAsciiOnly(ascii: string): string {
  // oxlint-disable-next-line no-restricted-properties
  return ascii.toLowerCase();
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
