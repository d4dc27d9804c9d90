import { GatewayError } from '../../src/domain/errors.js';
import { GrpcFailure } from '../../src/grpc/grpc-failure.js';

/** Returns the error of a failed call. Rejects when the call succeeds, or rejects with anything but a GatewayError made of a GrpcFailure. */
export async function failureOf(call: Promise<unknown>): Promise<{ error: GatewayError; failure: GrpcFailure }> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof GatewayError && error.cause instanceof GrpcFailure) return { error, failure: error.cause };
  throw new Error('not a GatewayError with a GrpcFailure', { cause: error });
}
