import { fromJson, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, JsonValue, Message, Registry } from '@bufbuild/protobuf';
import { GatewayError } from '../../domain/errors.js';
import type { JsonNode } from './exact-number.js';
import { BODY } from './json-path.js';

/** Types that Any may hold, and the deepest nesting of a body. */
interface EncodeOptions {
  readonly registry: Registry;
  readonly maxDepth: number;
}

/**
 * Encodes JSON that has been checked. Throws GatewayError INVALID_ARGUMENT for what Protobuf-ES refuses all the same.
 * @param amend changes or refuses the message before it is encoded.
 */
export function encodeMessage(
  desc: DescMessage,
  json: JsonNode,
  { registry, maxDepth }: EncodeOptions,
  amend?: (message: Message) => void,
): Uint8Array {
  try {
    const message = fromJson(desc, json as JsonValue, { registry, recursionLimit: 2 * maxDepth + 100 });
    amend?.(message);
    return toBinary(desc, message);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    const detail = `is not a valid ${desc.typeName}`;
    throw new GatewayError('INVALID_ARGUMENT', `The request ${detail}.`, { cause, errors: [{ field: BODY, detail }] });
  }
}
