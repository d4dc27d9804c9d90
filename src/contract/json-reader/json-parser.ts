import { BODY, formatPath } from './json-path.js';
import { ExactNumber, isObject } from './exact-number.js';
import type { JsonNode } from './exact-number.js';
import { GatewayError } from '../../domain/errors.js';
import { JsonTokenizer } from './tokenizer.js';
import type { JsonLimits } from './tokenizer.js';
import { traceJson } from './trace.js';

/** Reads bodies strictly: what is returned is exactly what the client wrote, big integers and all. */
export class JsonParser {
  private readonly tokenizer: JsonTokenizer;

  constructor(limits: JsonLimits) {
    this.tokenizer = new JsonTokenizer(limits);
  }

  /** Throws GatewayError MALFORMED_JSON. Numbers that a double would change come as {@link ExactNumber}. */
  parse(bytes: Uint8Array): JsonNode {
    const shape = this.tokenizer.scan(bytes);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const encoding = shape.ascii ? 'latin1' : 'utf8';
    const value =
      shape.exact.length === 0
        ? (JSON.parse(buffer.toString(encoding)) as JsonNode)
        : restoreNumbers(JSON.parse(markNumbers(buffer, encoding, shape.exact)) as JsonNode);
    if (shape.keys > 1 && countKeys(value) !== shape.keys) throw duplicateKey(bytes);
    return value;
  }
}

/** The second half of a surrogate pair, with which no string of a client can begin: what does was a number. */
const MARK = '\udc00';
const MARK_ESCAPED = '"\\udc00';

function markNumbers(buffer: Buffer, encoding: 'latin1' | 'utf8', spans: readonly number[]): string {
  let text = '';
  let from = 0;
  for (let index = 0; index < spans.length; index += 2) {
    const start = spans[index] as number;
    const end = spans[index + 1] as number;
    text += buffer.toString(encoding, from, start) + MARK_ESCAPED + buffer.toString('latin1', start, end) + '"';
    from = end;
  }
  return text + buffer.toString(encoding, from);
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

/** JSON.parse keeps the last of two equal keys: fewer keys than the tokenizer saw means that some were. */
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
