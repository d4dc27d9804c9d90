import { GatewayError } from '../domain/errors.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';
import { REFUSED, type Verdict } from './breaker-circuit.js';
import type { Breakers } from './breakers.js';
import type { Layer, StackCall } from './call.js';

/** A client-set deadline below this share of the default timeout says little about the backend. */
const FAIR_SHARE = 0.5;

/**
 * Refuses calls while the circuit of their upstream is open, and records the outcome of the others. A stream counts
 * at its first message.
 * @param timeoutMs default timeout of the method, without a deadline of the client.
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

/**
 * Returns the outcome of a call for the circuit. A status that the backend set on purpose and that is not its fault
 * proves that it works, even if the status is an error.
 */
function verdictOf(error: unknown, call: StackCall, timeoutMs: number): Verdict {
  const failure = error instanceof GatewayError ? error.cause : undefined;
  if (!(failure instanceof GrpcFailure)) return 'nothing';
  if (!failure.backendFault) return failure.origin === 'app' ? 'success' : 'nothing';
  return failure.grpcCode === 'DEADLINE_EXCEEDED' && hasClientDeadline(call, timeoutMs) ? 'nothing' : 'failure';
}

/**
 * Returns whether the client set a deadline too short to judge the backend by: such calls must not open the circuit
 * for everybody.
 */
function hasClientDeadline({ context, startedAt }: StackCall, timeoutMs: number): boolean {
  return context.clientDeadlineAt - startedAt < timeoutMs * FAIR_SHARE;
}
