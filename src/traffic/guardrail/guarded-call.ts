import type { Layer, StackCall } from '../call.js';
import type { UpstreamStream } from '../upstream-stream.js';
import { GuardedStream } from './guarded-stream.js';
import type { Guardrail, SendCheck } from './guardrail.js';

/** Sends a unary call, and returns its response, only if the guardrail allows it. */
export function guarded(guardrail: Guardrail, send: SendCheck): Layer {
  return (next) => async (call) => {
    await checkRequest(guardrail, call, send);
    const response = await next(restarted(call));
    await guardrail.check(call, { phase: 'response', messages: [response], firstIndex: 0 }, send);
    return response;
  };
}

/** Opens a stream, and passes each of its messages on, only if the guardrail allows it. */
export function guardedStream(guardrail: Guardrail, send: SendCheck): Layer<UpstreamStream> {
  return (next) => async (call) => {
    await checkRequest(guardrail, call, send);
    const stream = await next(restarted(call));
    return new GuardedStream(stream, (messages, firstIndex) =>
      guardrail.check(call, { phase: 'chunk', messages, firstIndex }, send),
    );
  };
}

async function checkRequest(guardrail: Guardrail, call: StackCall, send: SendCheck): Promise<void> {
  const { context, request } = call;
  const { stage } = context;
  context.stage = 'guardrail';
  await guardrail.check(call, { phase: 'request', messages: [request], firstIndex: 0 }, send);
  context.stage = stage;
}

/** Restarts the timeout of the upstream, since the time of the check is not its fault. */
function restarted(call: StackCall): StackCall {
  return { ...call, startedAt: performance.now() };
}
