import type { UsageSink } from '../domain/usage-sink.js';
import type { Layer } from './call.js';

/**
 * Counts each answered call, once and before the client sees anything of the answer: what a client was given has been
 * recorded, even if this process dies in the next moment. That is why a stream counts as one at its first message and
 * not by the messages that follow. A call in nobody's name is nobody's usage.
 */
export function metered<Response>(usage: UsageSink, meter: string): Layer<Response> {
  return (next) => async (call) => {
    const response = await next(call);
    const { principal } = call.context;
    if (principal !== undefined) usage.record({ caller: principal, meter, quantity: 1 });
    return response;
  };
}
