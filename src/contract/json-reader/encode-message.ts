import { fromJson, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, JsonValue, Message, Registry } from '@bufbuild/protobuf';
import { GatewayError } from '../../domain/errors.js';
import type { JsonNode } from './exact-number.js';
import { BODY } from './json-path.js';

/** Types that an Any may contain, and the maximum nesting of a body. */
interface EncodeOptions {
  readonly registry: Registry;
  readonly maxDepth: number;
}

/**
 * Encodes validated JSON. Throws GatewayError INVALID_ARGUMENT for values that Protobuf-ES refuses nevertheless.
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
