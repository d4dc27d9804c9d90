import type { UsageSink } from '../domain/usage-sink.js';
import type { Layer } from './call.js';

/**
 * Counts each answered call once, before the client sees any of the response, so that usage is recorded even if this
 * process dies immediately afterwards. A stream therefore counts once, at its first message. A call without a tenant
 * is not counted.
 */
export function metered<Response>(usage: UsageSink, meter: string): Layer<Response> {
  return (next) => async (call) => {
    const response = await next(call);
    const { principal } = call.context;
    if (principal !== undefined) usage.record({ caller: principal, meter, quantity: 1 });
    return response;
  };
}
