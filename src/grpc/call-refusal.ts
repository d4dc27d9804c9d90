import { GatewayError } from '../domain/errors.js';
import { GrpcStatus } from './grpc-code.js';
import { localEnd } from './call-ends.js';
import { abortError, callError, timeoutError } from './status.js';
import type { TransportCall } from './transport.js';

/** Returns why a call is not even begun; undefined when it may be. */
export function refusalOf(call: TransportCall, maxSendBytes: number): GatewayError | undefined {
  const { deadlineAt, method, request, signal } = call;
  // Without one a call may hang for ever.
  if (!Number.isFinite(deadlineAt)) return GatewayError.from(new TypeError(`A call of ${method.path} has no deadline`));
  if (signal.aborted) return abortError(method.upstream, signal);
  if (deadlineAt <= performance.now()) return timeoutError(method.upstream, 'Deadline exceeded before the call', false);
  if (request.length <= maxSendBytes) return undefined;
  const details = `Attempted to send message with a size larger than ${maxSendBytes}`;
  return callError(call, localEnd(GrpcStatus.RESOURCE_EXHAUSTED, details));
}
