import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { type FieldViolation, GatewayError } from '../../domain/errors.js';
import { lowerAscii } from '../../domain/header-text.js';

const MAX_BODY_BYTES = 65_536;
const MAX_QUERY_PARAMETERS = 32;
/** Accepted media types. curl sends the second one with `-d` by default; the body is JSON all the same. */
const BODY_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/x-www-form-urlencoded']);

/** Values validated by a schema, by name. */
export type CheckedFields = Readonly<Record<string, unknown>>;

/** Parses the query string of a target. Throws INVALID_ARGUMENT, which names parameters but never repeats values. */
export function readQuery(query: string, schema: z.ZodObject): CheckedFields {
  const pairs = query === '' ? [] : query.split('&').filter((pair) => pair !== '');
  if (pairs.length > MAX_QUERY_PARAMETERS) {
    throw new GatewayError('INVALID_ARGUMENT', `The query has more than ${MAX_QUERY_PARAMETERS} parameters.`);
  }
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of pairs) {
    const [name = '', value = ''] = splitPair(pair);
    if (name in values) throw new GatewayError('INVALID_ARGUMENT', `The query parameter ${quote(name)} came twice.`);
    values[name] = value;
  }
  return check({ ...values }, schema, 'query parameter');
}

/**
 * Reads the JSON object of a request. Throws PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, MALFORMED_JSON or
 * INVALID_ARGUMENT.
 */
export async function readBody(
  request: IncomingMessage,
  schema: z.ZodObject,
  signal: AbortSignal,
): Promise<CheckedFields> {
  const type = lowerAscii(request.headers['content-type'] ?? 'application/json').split(';', 1)[0] ?? '';
  if (!BODY_TYPES.has(type.replace(/[ \t]+$/, ''))) {
    throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON: Content-Type: application/json.');
  }
  const text = await readText(request, signal);
  const fields = parseObject(text);
  return check(fields, schema, 'member');
}

function splitPair(pair: string): string[] {
  const at = pair.indexOf('=');
  const parts = at === -1 ? [pair] : [pair.slice(0, at), pair.slice(at + 1)];
  try {
    return parts.map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
  } catch {
    throw new GatewayError('INVALID_ARGUMENT', 'The query is not percent-encoded UTF-8.');
  }
}

async function readText(request: IncomingMessage, signal: AbortSignal): Promise<string> {
  const tooLarge = () => new GatewayError('PAYLOAD_TOO_LARGE', `The body must have at most ${MAX_BODY_BYTES} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else reject(tooLarge());
  });
  request.once('end', () => resolve(Buffer.concat(chunks).toString()));
  request.once('error', reject);
  // A client that has sent its whole request may close its side and wait for the response.
  const fail = () => request.complete || reject(signal.reason as Error);
  signal.addEventListener('abort', fail, { once: true });
  if (signal.aborted) fail();
  return promise;
}

function parseObject(body: string): object {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new GatewayError('MALFORMED_JSON', 'The body is not JSON.', { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new GatewayError('INVALID_ARGUMENT', 'The body must be a JSON object.');
}

function check(values: object, schema: z.ZodObject, kind: string): CheckedFields {
  const { success, data, error } = schema.safeParse(values, { error: describeIssue });
  if (success) return data;
  const known = Object.keys(schema.shape);
  const errors = error.issues.flatMap((issue) => violations(issue, kind));
  const [first] = errors;
  const hint = known.length === 0 ? `there is no ${kind} here` : `known: ${known.join(', ')}`;
  throw new GatewayError('INVALID_ARGUMENT', `${first?.field}: ${first?.detail} (${hint}).`, { errors });
}

function violations(issue: z.core.$ZodIssue, kind: string): FieldViolation[] {
  const path = issue.path.map((name) => quote(String(name)));
  if (issue.code !== 'unrecognized_keys') return [{ field: path.join('.'), detail: issue.message }];
  return issue.keys.map((key) => ({ field: [...path, quote(key)].join('.'), detail: `unknown ${kind}` }));
}

/** Quotes a name from outside. */
function quote(name: string): string {
  return name.slice(0, 64).replaceAll(/[^\w.-]/g, '?');
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};
const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
};

/**
 * Returns what is wrong with a value, to follow its name: `must be a number`. Used where the schema has no text of
 * its own. Never repeats the value.
 */
function describeIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'too_small':
      return bound('at least', issue.minimum, issue.origin);
    case 'too_big':
      return bound('at most', issue.maximum, issue.origin);
    case 'invalid_key':
      return 'is not a name that is taken here';
    default:
      return 'is not valid';
  }
}

function bound(side: string, limit: number | bigint, origin: string): string {
  const unit = UNITS[origin]?.[Number(limit) === 1 ? 0 : 1];
  return unit === undefined ? `must be ${side} ${limit}` : `must have ${side} ${limit} ${unit}`;
}
