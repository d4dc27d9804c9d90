import { GatewayError } from '../domain/errors.js';
import type { UpstreamMeasure } from '../domain/upstream-measure.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';
import type { Layer, StackCall } from './call.js';
import type { UpstreamStream } from './upstream-stream.js';

/** Counts and times every attempt, and records its outcome for the log line. */
export function measured(measure: UpstreamMeasure): Layer {
  return (next) => async (call) => {
    const startedAt = begin(call);
    try {
      const response = await next(call);
      record(measure, call, { error: undefined, ms: performance.now() - startedAt });
      return response;
    } catch (error) {
      record(measure, call, { error, ms: performance.now() - startedAt });
      throw error;
    }
  };
}

/** Does the same for a stream: its duration is that until the first message, its outcome that of its end. */
export function measuredStream(measure: UpstreamMeasure): Layer<UpstreamStream> {
  return (next) => async (call) => {
    const startedAt = begin(call);
    try {
      const stream = await next(call);
      const ms = performance.now() - startedAt;
      void stream.ended.then((error) => record(measure, call, { error, ms }));
      return stream;
    } catch (error) {
      record(measure, call, { error, ms: performance.now() - startedAt });
      throw error;
    }
  };
}

interface Outcome {
  readonly error: unknown;
  readonly ms: number;
}

function begin(call: StackCall): number {
  const startedAt = performance.now();
  call.trace.attempts += 1;
  call.attempt = call.context.spans?.beginAttempt(call.method, startedAt);
  return startedAt;
}

function record(
  measure: UpstreamMeasure,
  { context, method, trace, attempt }: StackCall,
  { error, ms }: Outcome,
): void {
  const failure = error instanceof GatewayError && error.cause instanceof GrpcFailure ? error.cause : undefined;
  trace.grpcCode = error === undefined ? 'OK' : (failure?.grpcCode ?? 'INTERNAL');
  trace.serviceMs += ms;
  attempt?.end(trace.grpcCode, performance.now());
  if (context.outcome === '' && context.authWait !== undefined) context.authWait.upstreamMs += ms;
  measure.attempt(method.upstream, method.name, trace.grpcCode, ms / 1000);
  if (failure?.connection !== undefined) measure.connectionFailure(method.upstream, failure.connection);
}
