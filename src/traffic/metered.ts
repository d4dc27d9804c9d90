import type { UsageSink } from '../domain/usage-sink.js';
import type { Layer, StackCall } from './call.js';

/**
 * Counts each answered call of a method with a meter, once and before the client sees anything of the answer: what
 * a client was given has been recorded, even if this process dies in the next moment. That is why a stream counts
 * as one at its first message and not by the messages that follow.
 */
export function metered<Response>(usage: UsageSink): Layer<Response> {
  return (next) => (call) => {
    const { meter } = call.method.policy;
    return meter === undefined ? next(call) : count(usage, call, meter, next(call));
  };
}

async function count<Response>(
  usage: UsageSink,
  { context }: StackCall,
  meter: string,
  answer: Promise<Response>,
): Promise<Response> {
  const response = await answer;
  if (context.principal !== undefined) usage.record({ caller: context.principal, meter, quantity: 1 });
  return response;
}
