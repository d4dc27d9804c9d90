import { Inject, Injectable } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import { UpstreamMeasure } from '../domain/upstream-measure.js';
import { callMetadata } from '../grpc/metadata.js';
import type { TransportCall } from '../grpc/transport.js';
import { Upstreams } from '../grpc/upstreams.js';
import type { Layer, Next, StackCall, UpstreamCall } from './call.js';
import { deadline, type DeadlineSettings } from './deadline.js';
import { measured, measuredStream } from './measured.js';
import { openWithin, type UpstreamStream } from './upstream-stream.js';

/** The one way to an upstream: routes, guards and composed endpoints call through the same layers. */
@Injectable()
export class CallStack {
  private readonly sendUnary: Next;
  private readonly sendStream: Next<UpstreamStream>;

  constructor(
    private readonly upstreams: Upstreams,
    measure: UpstreamMeasure,
    @Inject(GATEWAY_CONFIG) private readonly config: DeadlineSettings,
  ) {
    // Outermost first. What answers without the backend (fallback, response cache) comes before what protects it
    // (bulkhead, then breaker: a full bulkhead is no failure of the backend), and that before retry, so that the
    // breaker sees calls, not attempts. From `deadline` down, everything happens once for each attempt: an attempt
    // gets the time that is left, and what is measured is the backend alone.
    this.sendUnary = stack([deadline(config), measured(measure)], (call) => this.unaryAttempt(call));
    // A stream counts as answered at its first message: no layer of a whole response (fallback, cache) belongs here.
    this.sendStream = stack([deadline(config), measuredStream(measure)], (call) => this.streamAttempt(call));
  }

  /** Resolves to the bytes of the response. Rejects with a GatewayError whose cause is a GrpcFailure. */
  unary(call: UpstreamCall): Promise<Uint8Array> {
    return this.sendUnary(enter(call));
  }

  /** Resolves at the first message, or the end of an empty stream. Until then it rejects as `unary` does; later the iterator throws. */
  openStream(call: UpstreamCall): Promise<UpstreamStream> {
    return this.sendStream(enter(call));
  }

  private async unaryAttempt(call: StackCall): Promise<Uint8Array> {
    return this.upstreams.get(call.method.upstream).unary(toWire(call));
  }

  private async streamAttempt(call: StackCall): Promise<UpstreamStream> {
    const { context, deadlineAt, method } = call;
    const { upstream, policy } = method;
    const { idleTimeoutMs = this.config.timeouts.streamIdleMs, maxMessages } = policy.stream;
    const limits = { upstream, idleMs: idleTimeoutMs, maxMessages, deadlineAt, signal: context.signal };
    return openWithin(limits, this.upstreams.get(upstream).serverStream(toWire(call)));
  }
}

function stack<Response>(layers: readonly Layer<Response>[], attempt: Next<Response>): Next<Response> {
  return layers.reduceRight((next, layer) => layer(next), attempt);
}

function enter({ context, method, request, deadlineAt }: UpstreamCall): StackCall {
  const { upstream, path: rpc } = method;
  const trace = { upstream, rpc, grpcCode: '', attempts: 0, deadlineMs: 0, serviceMs: 0 };
  context.upstream = trace;
  return { context, method, request, deadlineAt, startedAt: performance.now(), trace };
}

function toWire({ context, method, request, deadlineAt }: StackCall): TransportCall {
  return { method, request, metadata: callMetadata(context), deadlineAt, signal: context.signal };
}
