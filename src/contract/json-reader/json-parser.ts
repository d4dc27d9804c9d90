import { BODY, formatPath } from './json-path.js';
import { ExactNumber } from './exact-number.js';
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
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
      shape.ascii ? 'latin1' : 'utf8',
    );
    const value = JSON.parse(text, shape.exact ? keepExactNumbers : undefined) as JsonNode;
    if (shape.keys > 1 && countKeys(value) !== shape.keys) throw duplicateKey(bytes);
    return value;
  }
}

function keepExactNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || !ExactNumber.isNeeded(value, source)) return value;
  return new ExactNumber(value, source);
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
