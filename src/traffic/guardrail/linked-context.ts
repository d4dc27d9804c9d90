import { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import type { StackCall } from '../call.js';

/** The context of a call that serves another one, and the function that ends the link between them. */
export interface LinkedContext {
  readonly context: CallContext;
  /** Must be called when the serving call is over. */
  readonly unlink: () => void;
}

/**
 * Makes the context of a call that is made on behalf of another one: it has the same ids, caller and deadline and is
 * cancelled with it, but its events are not written to the log line of the request.
 */
export function linkedContext({ context: cause, deadlineAt, signal }: StackCall): LinkedContext {
  const context = new CallContext(cause.requestId, cause.trace, performance.now(), Infinity);
  context.principal = cause.principal;
  context.outcome = cause.outcome;
  context.spans = cause.spans;
  // A request with less time left than the budget must not count against the guardrail when that time is over.
  context.clientDeadlineAt = deadlineAt;
  const cancel = () => context.cancel(GatewayError.from(signal.reason));
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel);
  return { context, unlink: () => signal.removeEventListener('abort', cancel) };
}
