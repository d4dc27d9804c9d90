import { type DescMethod, type Message, toBinary } from '@bufbuild/protobuf';
import type { JsonValue, RpcOverride } from '../rpc-call.js';
import { lastValue } from './last-value.js';

/** All results that an explicit method may have, whatever its type says: an adopter's code need not be typed. */
type Answered = Uint8Array | JsonValue | Message | undefined;

/**
 * Wraps an explicit method so that it resolves to bytes or JSON before the deadline of its request, whatever it
 * returns: a value, a promise, an Observable of ClientGrpc, or the response message itself, which is encoded.
 */
export function settledOverride(override: RpcOverride, { parent, name, output }: DescMethod): RpcOverride {
  const who = `${parent.typeName}/${name}`;
  return async (call) => {
    const { signal, context } = call;
    const answered = (await lastValue(override(call), { signal, deadlineAt: context.deadlineAt, who })) as Answered;
    const isMessage = typeof answered === 'object' && answered !== null && '$typeName' in answered;
    if (isMessage && answered.$typeName === output.typeName) return toBinary(output, answered as Message);
    return answered as Uint8Array | JsonValue;
  };
}
