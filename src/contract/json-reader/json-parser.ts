import { BODY, formatPath } from './json-path.js';
import { ExactNumber, isObject } from './exact-number.js';
import type { JsonNode } from './exact-number.js';
import { GatewayError } from '../../domain/errors.js';
import { JsonTokenizer } from './tokenizer.js';
import type { JsonLimits } from './tokenizer.js';
import { traceJson } from './trace.js';

/** Parses bodies strictly: the result is exactly what the client wrote, including big integers. */
export class JsonParser {
  private readonly tokenizer: JsonTokenizer;

  constructor(limits: JsonLimits) {
    this.tokenizer = new JsonTokenizer(limits);
  }

  /**
   * Parses a body. Throws GatewayError MALFORMED_JSON, or INVALID_ARGUMENT for an overlong number. Numbers that a
   * double would change are returned as {@link ExactNumber}.
   */
  parse(bytes: Uint8Array): JsonNode {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const shape = this.tokenizer.scan(buffer);
    const encoding = shape.ascii ? 'latin1' : 'utf8';
    const value =
      shape.exact.length === 0
        ? (JSON.parse(buffer.toString(encoding)) as JsonNode)
        : restoreNumbers(JSON.parse(markNumbers(buffer, encoding, shape.exact)) as JsonNode);
    if (shape.keys > 1 && countKeys(value) !== shape.keys) throw duplicateKey(bytes);
    return value;
  }
}

/**
 * Prefix of numbers that are kept as strings: the second half of a surrogate pair, with which no string of a client can
 * begin.
 */
const MARK = '\udc00';
const MARK_ESCAPED = Buffer.from('"\\udc00');
const QUOTE = 0x22;

/**
 * Returns the body with each of the numbers as a marked string. Copies byte by byte, since a call per number costs
 * more.
 */
function markNumbers(body: Buffer, encoding: 'latin1' | 'utf8', spans: readonly number[]): string {
  const marked = Buffer.allocUnsafe(body.length + (spans.length / 2) * (MARK_ESCAPED.length + 1));
  let out = 0;
  let at = 0;
  for (let index = 0; index < spans.length; index += 2) {
    const start = spans[index] as number;
    const end = spans[index + 1] as number;
    while (at < start) marked[out++] = body[at++] as number;
    for (let mark = 0; mark < MARK_ESCAPED.length; mark++) marked[out++] = MARK_ESCAPED[mark] as number;
    while (at < end) marked[out++] = body[at++] as number;
    marked[out++] = QUOTE;
  }
  body.copy(marked, out, at);
  return marked.toString(encoding);
}

function restoreNumbers(value: JsonNode): JsonNode {
  if (typeof value === 'string') return value.startsWith(MARK) ? new ExactNumber(value.slice(1)) : value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = restoreNumbers(value[index] as JsonNode);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) value[key] = restoreNumbers(value[key] as JsonNode);
  }
  return value;
}

/**
 * Counts keys. JSON.parse keeps the last of two equal keys, so fewer keys than the tokenizer saw mean that there were
 * duplicates.
 */
function countKeys(value: JsonNode): number {
  if (value === null || typeof value !== 'object' || value instanceof ExactNumber) return 0;
  const isArray = Array.isArray(value);
  const members = isArray ? value : Object.values(value);
  let keys = isArray ? 0 : members.length;
  for (const member of members) if (typeof member === 'object') keys += countKeys(member);
  return keys;
}

function duplicateKey(bytes: Uint8Array): GatewayError {
  const { duplicate } = traceJson(bytes, bytes.length);
  const field = formatPath(duplicate?.path ?? []) || BODY;
  return new GatewayError(
    'MALFORMED_JSON',
    `The request body has the key ${field} twice (at byte ${duplicate?.at ?? 0}).`,
    {
      errors: [{ field, detail: `duplicate key at byte ${duplicate?.at ?? 0}` }],
    },
  );
}
