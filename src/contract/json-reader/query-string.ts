import { GatewayError } from '../../domain/errors.js';
import { quote } from './json-path.js';

/** Maximum number of parameters of a request. */
const MAX_PARAMETERS = 100;

/** A decoded query parameter. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

const PERCENT = 0x25;

const PLUS = 0x2b;

const EQUALS = 0x3d;

const AMPERSAND = 0x26;

/**
 * Splits a raw query string: `&` between parameters, `+` for a space, percent-encoded UTF-8. Throws GatewayError
 * INVALID_ARGUMENT for invalid encoding and for more than 100 parameters.
 */
export function parseQuery(query: string): Parameter[] {
  const parameters: Parameter[] = [];
  let start = 0;
  while (start < query.length) {
    let end = start;
    let equals = -1;
    for (; end < query.length; end++) {
      const code = query.charCodeAt(end);
      if (code === AMPERSAND) break;
      if (code === EQUALS && equals === -1) equals = end;
    }
    if (end > start) {
      if (parameters.length === MAX_PARAMETERS) throw refuse('query', `has more than ${MAX_PARAMETERS} parameters`);
      const name = decode(query, start, equals === -1 ? end : equals);
      parameters.push({ name, value: equals === -1 ? '' : decode(query, equals + 1, end) });
    }
    start = end + 1;
  }
  return parameters;
}

function decode(query: string, start: number, end: number): string {
  const raw = query.slice(start, end);
  let hasEscapes = false;
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code <= 0x20 || code >= 0x7f) throw refuse(quote(raw), 'has a character that must be percent-encoded');
    hasEscapes ||= code === PERCENT || code === PLUS;
  }
  return hasEscapes ? decodeEscapes(raw) : raw;
}

function decodeEscapes(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    throw refuse(quote(raw), 'is not percent-encoded UTF-8');
  }
}

function refuse(what: string, problem: string): GatewayError {
  return new GatewayError('INVALID_ARGUMENT', `The query string is not valid: ${what} ${problem}.`, {
    errors: [{ field: 'query', detail: `${what} ${problem}` }],
  });
}

/** Returns whether a query parameter is ignored instead of refused. */
export type IgnoredParameters = (name: string) => boolean;

/** Compiles names and prefixes (`utm_*`); undefined when there are none, so that no check is made. */
export function compileIgnored(patterns: readonly string[] | undefined): IgnoredParameters | undefined {
  if (patterns === undefined || patterns.length === 0) return undefined;
  const names = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const beginnings = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return (name) => names.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}
