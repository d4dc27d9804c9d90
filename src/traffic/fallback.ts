import type { CallContext } from '../domain/call-context.js';
import type { Layer, StackCall } from './call.js';
import { isUpstreamFault } from './upstream-fault.js';

/** Inputs of a fallback. */
export interface FallbackParts {
  readonly kind: Exclude<CallContext['fallback'], ''>;
  /** Resolves to the response to use instead, or to undefined when there is none. May reject. */
  readonly fallbackSource: (call: StackCall) => Promise<Uint8Array | undefined>;
  readonly onUse: () => void;
}

/**
 * Responds in place of an upstream that is at fault. Nothing else is hidden: refusals by the upstream and by the
 * gateway reach the caller. The response is marked as a fallback.
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
