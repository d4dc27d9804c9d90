/** Longest value of a path variable in bytes of UTF-8. */
export const MAX_VALUE_BYTES = 1024;
/** Most segments of a request path; more match no template. */
const MAX_SEGMENTS = 256;

/** Why a path is refused with 400. The text may be shown to the client: it repeats nothing that the client sent. */
export class InvalidPath {
  constructor(readonly detail: string) {}
}

const SLASH = 0x2f;
const PERCENT = 0x25;
const DOT = 0x2e;

/**
 * Splits a raw path (percent-encoded, no query) into its raw segments; empty ones are left out, so that duplicate and
 * trailing slashes do not matter. Refuses what proxies and backends read differently: control characters, spaces and
 * bytes beyond ASCII that are not encoded, `#`, `\`, a bare `;` (path parameters; `%3B` is data), `.` and `..` segments,
 * broken percent sequences, and UTF-8 that is overlong or broken.
 */
export function splitRawPath(path: string): string[] | InvalidPath {
  const segments: string[] = [];
  let start = 1;
  let encoded = false;
  for (let index = 1; index <= path.length; index++) {
    const code = index === path.length ? SLASH : path.charCodeAt(index);
    if (code === SLASH) {
      if (index > start) {
        const segment = path.slice(start, index);
        const invalid = encoded ? checkEncoded(segment) : isDots(segment) ? DOT_SEGMENT : undefined;
        if (invalid !== undefined) return invalid;
        if (segments.push(segment) > MAX_SEGMENTS) return TOO_MANY_SEGMENTS;
      }
      start = index + 1;
      encoded = false;
    } else if (code === PERCENT) {
      encoded = true;
    } else if (code <= 0x20 || code >= 0x7f || code === 0x23 || code === 0x5c || code === 0x3b) {
      return BARE_CHARACTER;
    }
  }
  return segments;
}

/** The text of one segment, all percent sequences decoded. Only for segments that passed {@link splitRawPath}. */
export function decodeSegment(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment;
}

/** The value of a single-segment variable: everything decoded, and no separator may come out of it. */
export function decodeSingleValue(segment: string): string | InvalidPath {
  const value = decodeSegment(segment);
  if (value !== segment && /[/\\]/.test(value)) return ENCODED_SEPARATOR;
  return limit(value);
}

/** The value of a multi-segment variable: everything decoded except `%2F`, which stays as it was sent. */
export function decodeMultiValue(segments: readonly string[], start: number, end: number): string | InvalidPath {
  const raw = segments.slice(start, end).join('/');
  return limit(raw.includes('%') ? raw.split(/(%2f)/i).map(decodeUnlessSlash).join('') : raw);
}

function decodeUnlessSlash(part: string, index: number): string {
  return index % 2 === 1 ? part : decodeURIComponent(part);
}

function limit(value: string): string | InvalidPath {
  const fits = value.length * 3 <= MAX_VALUE_BYTES || Buffer.byteLength(value) <= MAX_VALUE_BYTES;
  return fits ? value : TOO_LONG;
}

function checkEncoded(segment: string): InvalidPath | undefined {
  let text: string;
  try {
    text = decodeURIComponent(segment);
  } catch {
    return BROKEN_ENCODING;
  }
  if (/\p{Cc}/u.test(text)) return CONTROL_CHARACTER;
  return text.split(/[/\\]/).some(isDots) ? DOT_SEGMENT : undefined;
}

function isDots(segment: string): boolean {
  return segment.charCodeAt(0) === DOT && (segment.length === 1 || segment === '..');
}

const BARE_CHARACTER = new InvalidPath('The path holds a character that must be percent-encoded.');
const BROKEN_ENCODING = new InvalidPath('The path holds a percent sequence that is not UTF-8.');
const CONTROL_CHARACTER = new InvalidPath('The path holds a control character.');
const DOT_SEGMENT = new InvalidPath('The path holds a "." or ".." segment.');
const ENCODED_SEPARATOR = new InvalidPath('An encoded slash or backslash is not allowed in a segment of this path.');
const TOO_LONG = new InvalidPath(`A segment of the path is longer than ${MAX_VALUE_BYTES} bytes.`);
const TOO_MANY_SEGMENTS = new InvalidPath(`The path has more than ${MAX_SEGMENTS} segments.`);
