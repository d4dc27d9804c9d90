import { GatewayError } from '../domain/errors.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';
import { REFUSED, type Verdict } from './breaker-circuit.js';
import type { Breakers } from './breakers.js';
import type { Layer, StackCall } from './call.js';

/** A deadline that the client set below this share of the time until an answer is due says little about the backend. */
const FAIR_SHARE = 0.5;

/**
 * Refuses calls while the circuit of their upstream is open, and tells it how the others ended.
 * A stream counts at its first message.
 * @param timeoutMs in which a call of this method is to be answered when no client hurries it.
 */
export function breaker<Response>(breakers: Breakers, method: RpcMethod, timeoutMs: number): Layer<Response> {
  const circuit = breakers.of(method);
  return (next) => async (call) => {
    const ticket = circuit.reenter(call.context.takePermit(circuit));
    call.context.breakerState = circuit.state;
    if (ticket === REFUSED) throw breakers.refusal(method, circuit);
    try {
      const response = await next(call);
      circuit.leave(ticket, 'success');
      return response;
    } catch (error) {
      circuit.leave(ticket, verdictOf(error, call, timeoutMs));
      throw error;
    }
  };
}

/** A status of the backend's own that is no fault of it proves that it works, also when it is an error. */
function verdictOf(error: unknown, call: StackCall, timeoutMs: number): Verdict {
  const failure = error instanceof GatewayError ? error.cause : undefined;
  if (!(failure instanceof GrpcFailure)) return 'nothing';
  if (!failure.backendFault) return failure.origin === 'app' ? 'success' : 'nothing';
  return failure.grpcCode === 'DEADLINE_EXCEEDED' && hasClientDeadline(call, timeoutMs) ? 'nothing' : 'failure';
}

/** A client that leaves its calls no time must not open the circuit for everybody. */
function hasClientDeadline({ context, startedAt }: StackCall, timeoutMs: number): boolean {
  return context.clientDeadlineAt - startedAt < timeoutMs * FAIR_SHARE;
}
