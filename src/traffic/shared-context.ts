import { CallContext } from '../domain/call-context.js';
import type { Principal } from '../domain/principal.js';

/**
 * Makes the context of a call whose response serves more than the request that caused it: it carries the ids of that
 * request, and continues when its client leaves.
 * @param principal in whose name the call is made; undefined for none.
 * @param timeoutMs maximum time until the response.
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
