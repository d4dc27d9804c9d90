import { GatewayError } from '../domain/errors.js';
import type { TemplateVariable } from './path-template.js';
import type { Route } from './route.js';

/** Maximum length of the value of a path variable, in bytes of UTF-8. */
export const MAX_VALUE_BYTES = 1024;
/** Maximum number of segments of a request path; longer paths match no template. */
const MAX_SEGMENTS = 256;

/**
 * Reason for which a path is refused with 400. The text may be shown to the client, because it does not repeat client
 * input.
 */
export class InvalidPath {
  constructor(readonly detail: string) {}
}

const SLASH = 0x2f;
const PERCENT = 0x25;
const DOT = 0x2e;

/**
 * Splits a raw path (percent-encoded; everything after a `?` is ignored) into its raw segments. Empty ones are omitted,
 * so that duplicate and trailing slashes do not matter. Refuses input that proxies and backends read differently:
 * control characters, spaces and bytes beyond ASCII that are not encoded, `#`, `\`, a bare `;` (path parameters; `%3B`
 * is data), `.` and `..` segments, invalid percent sequences, and overlong or invalid UTF-8.
 */
export function splitRawPath(path: string): string[] | InvalidPath {
  const segments: string[] = [];
  let start = 1;
  let encoded = false;
  const query = path.indexOf('?');
  const end = query === -1 ? path.length : query;
  for (let index = 1; index <= end; index++) {
    const code = index === end ? SLASH : path.charCodeAt(index);
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

/**
 * Returns the text of one segment, with all percent sequences decoded. Only for segments that passed {@link
 * splitRawPath}.
 */
export function decodeSegment(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment;
}

/**
 * Returns the decoded values of a route that another router matched, from the raw path of the request.
 * Throws GatewayError MALFORMED_REQUEST for a path that a RouteMatcher calls invalid.
 */
export function variableValues(route: Route, rawPath: string): readonly string[] {
  if (route.variables.length === 0) return NO_VALUES;
  const segments = splitRawPath(rawPath);
  const values = segments instanceof InvalidPath ? segments : readValues(route, segments);
  if (values instanceof InvalidPath) throw new GatewayError('MALFORMED_REQUEST', values.detail);
  return values;
}

/** Returns the decoded values of a route from the segments of a path, or the reason why the path is invalid. */
export function readValues(route: Route, segments: readonly string[]): readonly string[] | InvalidPath {
  const { variables, segments: template, verb } = route.path;
  const isOpen = template.at(-1)?.kind === 'multi';
  if (isOpen ? segments.length < template.length - 1 : segments.length !== template.length) return OTHER_ROUTE;
  if (verb !== undefined && readCustomVerb(segments) !== verb) return OTHER_ROUTE;
  const own = verb === undefined ? segments : withoutCustomVerb(segments);
  const invalid = verb === undefined ? undefined : checkEncoded(own.at(-1) ?? '');
  if (invalid !== undefined) return invalid;
  const slashes = route.method.policy.encodedSlashes === true;
  const values: string[] = [];
  for (const variable of variables) {
    const value = readValue(variable, own, isOpen && variable.end === template.length, slashes);
    if (value instanceof InvalidPath) return value;
    values.push(value);
  }
  return values;
}

function readValue(
  variable: TemplateVariable,
  segments: readonly string[],
  isOpen: boolean,
  slashes: boolean,
): string | InvalidPath {
  if (!variable.multiSegment) return decodeSingleValue(segments[variable.start] ?? '', slashes);
  return decodeMultiValue(segments, variable.start, isOpen ? segments.length : variable.end);
}

/**
 * Returns the text after the last colon of the last segment; empty when there is none. An encoded colon belongs to the
 * value.
 */
export function readCustomVerb(segments: readonly string[]): string {
  const last = segments.at(-1) ?? '';
  const colon = last.lastIndexOf(':');
  return colon < 1 ? '' : decodeSegment(last.slice(colon + 1));
}

/** Removes the custom verb. Only for segments that have one. */
export function withoutCustomVerb(segments: readonly string[]): readonly string[] {
  const last = segments.at(-1) ?? '';
  return segments.with(-1, last.slice(0, last.lastIndexOf(':')));
}

/**
 * Returns the decoded value of a single-segment variable. It must not contain a separator, except for a slash where the
 * policy allows it.
 */
function decodeSingleValue(segment: string, slashes: boolean): string | InvalidPath {
  const value = decodeSegment(segment);
  if (value !== segment && (slashes ? /\\/ : /[/\\]/).test(value)) return ENCODED_SEPARATOR;
  return limit(value);
}

/** Returns the value of a multi-segment variable: everything is decoded except `%2F`, which is kept as sent. */
function decodeMultiValue(segments: readonly string[], start: number, end: number): string | InvalidPath {
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
const NO_VALUES: readonly string[] = Object.freeze([]);
const OTHER_ROUTE = new InvalidPath('The path does not have the form of this route.');
