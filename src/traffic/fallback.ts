import type { CallContext } from '../domain/call-context.js';
import type { Layer, StackCall } from './call.js';
import { isUpstreamFault } from './upstream-fault.js';

/** What a fallback is made of. */
export interface FallbackParts {
  readonly kind: Exclude<CallContext['fallback'], ''>;
  /** The answer that stands in; undefined, or a failure of its own, when there is none. */
  readonly fallbackSource: (call: StackCall) => Promise<Uint8Array | undefined>;
  readonly onUse: () => void;
}

/**
 * Answers in the place of an upstream that is at fault. Nothing else is covered up: what an upstream says of a request,
 * and what the gateway refuses, reaches the caller. The answer is marked as what it is.
 */
export function fallback({ kind, fallbackSource, onUse }: FallbackParts): Layer {
  return (next) => async (call) => {
    try {
      return await next(call);
    } catch (error) {
      if (!isUpstreamFault(error) || call.signal.aborted) throw error;
      const answer = await fallbackSource(call).catch(() => undefined);
      if (answer === undefined) throw error;
      call.context.fallback = kind;
      onUse();
      return answer;
    }
  };
}
