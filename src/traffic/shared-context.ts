import { CallContext } from '../domain/call-context.js';
import type { Principal } from '../domain/principal.js';

/**
 * The context of a call whose answer is for more than the request that caused it: it carries the ids of that request,
 * and goes on when its client leaves.
 * @param principal in whose name the call is made; undefined: nobody's.
 * @param timeoutMs longest time until the answer.
 */
export function sharedContext(cause: CallContext, principal: Principal | undefined, timeoutMs: number): CallContext {
  const now = performance.now();
  const context = new CallContext(cause.requestId, cause.trace, now, now + timeoutMs);
  context.principal = principal;
  context.spans = cause.spans;
  context.outcome = cause.outcome;
  context.authWait = cause.authWait ??= { connectMs: 0, upstreamMs: 0 };
  return context;
}
