import { Inject, Injectable, Optional } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { UpstreamMeasure } from '../domain/upstream-measure.js';
import { UsageSink } from '../domain/usage-sink.js';
import { callMetadata } from '../grpc/metadata.js';
import { unreadableError } from '../grpc/status.js';
import type { TransportCall } from '../grpc/transport.js';
import { Upstreams } from '../grpc/upstreams.js';
import { breaker } from './breaker.js';
import { bulkhead, bulkheadStream } from './bulkhead.js';
import { ResponseCache } from './cache/response-cache.js';
import {
  type Layer,
  type Next,
  ReceivedHeaders,
  type ResponseReader,
  type StackCall,
  type UpstreamCall,
} from './call.js';
import { responseTimeoutOf, deadline, type DeadlineSettings, idleTimeoutOf, nearestDeadline } from './deadline.js';
import { fallback } from './fallback.js';
import { guarded, guardedStream } from './guardrail/guarded-call.js';
import { Guardrail, type SendCheck } from './guardrail/guardrail.js';
import { hedge } from './hedge.js';
import { STREAM_LAYERS, type StreamLayer, UNARY_LAYERS, type UnaryLayer } from './layer-order.js';
import { measured, measuredStream } from './measured.js';
import { metered } from './metered.js';
import { Protection } from './protection.js';
import { retry } from './retry.js';
import { openWithin, type UpstreamStream } from './upstream-stream.js';

/** The only way to an upstream: routes, guards and composed endpoints call through the same layers. */
@Injectable()
export class CallStack {
  /** Built at the first call of each RPC, with only the layers that its policy asks for. */
  private unaryStacks = new WeakMap<RpcMethod, Next>();
  private streamStacks = new WeakMap<RpcMethod, Next<UpstreamStream>>();
  /** Injected as a property, since its provider depends on this stack. */
  @Optional() @Inject(UsageSink) private readonly usage?: UsageSink;

  @Optional() @Inject(ResponseCache) private readonly responses?: ResponseCache;

  @Optional() @Inject(Guardrail) private readonly guardrail?: Guardrail;

  constructor(
    private readonly upstreams: Upstreams,
    private readonly measure: UpstreamMeasure,
    @Inject(GATEWAY_CONFIG) private readonly config: DeadlineSettings,
    private readonly protection: Protection,
  ) {}

  /** Rebuilds the stacks of later calls from the settings and the contract as they are then. */
  rebuild(): void {
    this.unaryStacks = new WeakMap();
    this.streamStacks = new WeakMap();
  }

  /** Resolves to the bytes of the response. Rejects with a GatewayError, whose cause is a GrpcFailure if the call was sent. */
  unary(call: UpstreamCall): Promise<Uint8Array> {
    const { method } = call;
    let send = this.unaryStacks.get(method);
    if (send === undefined) {
      send = this.unaryStack(method);
      this.unaryStacks.set(method, send);
    }
    return send(enter(call));
  }

  /**
   * Resolves at the first message, or at the end of an empty stream. Rejects as `unary` does before that; later the
   * iterator throws.
   */
  openStream(call: UpstreamCall): Promise<UpstreamStream> {
    const { method } = call;
    let send = this.streamStacks.get(method);
    if (send === undefined) {
      const layers = STREAM_LAYERS.flatMap((name) => this.streamLayer[name](method));
      send = stack(layers, (attempt) => this.streamAttempt(attempt));
      this.streamStacks.set(method, send);
    }
    return send(enter(call));
  }

  /**
   * Builders of the layers in {@link UNARY_LAYERS}; each returns an empty list when the RPC does not have the layer.
   */
  private readonly unaryLayer: Readonly<Record<UnaryLayer, (method: RpcMethod) => Layer[]>> = {
    guardrail: (method) => this.guards(method, guarded),
    fallback: (method) => this.fallbacks(method),
    'response-cache': (method) => this.responses?.layers(method) ?? [],
    meter: (method) => this.meters(method),
    'concurrency-limit': (method) => this.bulkheads(method).map(bulkhead),
    'circuit-breaker': (method) => [this.breaker(method)],
    retry: (method) => this.repeats(method),
    deadline: () => [deadline(this.config)],
    measure: () => [measured(this.measure)],
  };

  private readonly streamLayer: Readonly<Record<StreamLayer, (method: RpcMethod) => Layer<UpstreamStream>[]>> = {
    guardrail: (method) => this.guards(method, guardedStream),
    'response-cache': (method) => this.responses?.streamLayers(method) ?? [],
    meter: (method) => this.meters(method),
    'concurrency-limit': (method) => this.bulkheads(method).map(bulkheadStream),
    'circuit-breaker': (method) => [this.breaker(method)],
    deadline: () => [deadline(this.config)],
    measure: () => [measuredStream(this.measure)],
  };

  private unaryStack(method: RpcMethod): Next {
    const layers = UNARY_LAYERS.flatMap((name) => this.unaryLayer[name](method));
    return stack(layers, (attempt) => this.unaryAttempt(attempt));
  }

  private breaker<Response>(method: RpcMethod): Layer<Response> {
    return breaker(this.protection.breakers, method, responseTimeoutOf(method, this.config));
  }

  /** Returns the guardrail checks that the policy asks for; none for an optional guardrail that is not configured. */
  private guards<Response>(
    method: RpcMethod,
    layer: (guardrail: Guardrail, send: SendCheck) => Layer<Response>,
  ): Layer<Response>[] {
    const { guardrail } = this;
    return guardrail?.guards(method) ? [layer(guardrail, (call) => this.unary(call))] : [];
  }

  /** Returns the fallback that the policy names, if its source exists. */
  private fallbacks(method: RpcMethod): Layer[] {
    const { upstream, policy } = method;
    const fallbackSource = this.fallbackSource(method);
    if (fallbackSource === undefined || policy.fallback === undefined) return [];
    const { kind } = policy.fallback;
    this.responses?.metrics.knowFallback(upstream, kind);
    return [fallback({ kind, fallbackSource, onUse: () => this.responses?.metrics.countFallback(upstream, kind) })];
  }

  private fallbackSource(method: RpcMethod): ((call: StackCall) => Promise<Uint8Array | undefined>) | undefined {
    const { responses } = this;
    const { policy } = method;
    if (policy.fallback === undefined) return undefined;
    if (policy.fallback.kind === 'static') {
      const { bytes } = policy.fallback;
      return () => Promise.resolve(bytes);
    }
    if (policy.fallback.kind === 'cached') return responses && ((call) => responses.lastResponse(call));
    const { upstream } = policy.fallback;
    if (!this.config.upstreams.has(upstream)) return undefined;
    const standby = {
      ...method,
      upstream,
      guarded: undefined,
      policy: { ...policy, fallback: undefined, cache: undefined },
    };
    const send = this.unaryStack(standby);
    return (call) => send({ ...call, method: standby, startedAt: performance.now() });
  }

  private meters<Response>({ policy: { meter } }: RpcMethod): Layer<Response>[] {
    return meter === undefined || this.usage === undefined ? [] : [metered(this.usage, meter)];
  }

  /**
   * Returns the concurrency limits; that of the RPC first, so that calls that wait for it hold no permit of the
   * upstream.
   */
  private bulkheads(method: RpcMethod) {
    const { protection } = this;
    const deadlineOf = (call: StackCall) => nearestDeadline(call, this.config);
    return [protection.methodLimiterOf(method), protection.limiterOf(method.upstream)]
      .filter((limiter) => limiter !== undefined)
      .map((limiter) => ({ limiter, observer: protection.reports, deadlineOf }));
  }

  private repeats(method: RpcMethod): Layer[] {
    const { name, upstream, idempotent, policy } = method;
    if (policy.retry === undefined || !idempotent) return [];
    const budget = this.protection.budgetOf(upstream);
    const onRetry = () => this.measure.retry(upstream, name);
    const { maxAttempts, hedgeAfterMs } = policy.retry;
    if (hedgeAfterMs !== undefined) return [hedge({ maxAttempts, hedgeAfterMs, budget, onHedge: onRetry })];
    return [retry({ policy: policy.retry, budget, deadlineOf: (call) => nearestDeadline(call, this.config), onRetry })];
  }

  private async unaryAttempt(call: StackCall): Promise<Uint8Array> {
    const { method, reader } = call;
    const { responseHeaders } = method.policy;
    const headers = reader && responseHeaders && new ReceivedHeaders(responseHeaders);
    const response = await this.upstreams.get(method.upstream).unary(toWire(call, headers));
    if (reader !== undefined) readOrBlame(method.upstream, reader, response, headers);
    return response;
  }

  private async streamAttempt(call: StackCall): Promise<UpstreamStream> {
    const { signal, deadlineAt, method } = call;
    const { upstream, policy } = method;
    const { maxMessages } = policy.stream;
    const limits = { upstream, idleMs: idleTimeoutOf(method, this.config), maxMessages, deadlineAt, signal };
    return openWithin(limits, this.upstreams.get(upstream).serverStream(toWire(call, call.headers)));
  }
}

function stack<Response>(layers: readonly Layer<Response>[], attempt: Next<Response>): Next<Response> {
  return layers.reduceRight((next, layer) => layer(next), attempt);
}

function enter({
  context,
  method,
  request,
  deadlineAt,
  reader,
  headers,
  signal = context.cancellation,
}: UpstreamCall): StackCall {
  const { upstream, path: rpc } = method;
  const trace = { upstream, rpc, grpcCode: '', attempts: 0, deadlineMs: 0, serviceMs: 0, connectMs: 0 };
  context.upstream = trace;
  const startedAt = performance.now();
  return { context, method, request, deadlineAt, reader, headers, startedAt, signal, trace };
}

/**
 * Reads the response. One that cannot be decoded counts as an upstream fault: it must not be cached or count as a
 * success.
 */
function readOrBlame(upstream: string, reader: ResponseReader, response: Uint8Array, headers?: ReceivedHeaders): void {
  try {
    reader.read(response, headers);
  } catch (error) {
    throw unreadableError(upstream, error);
  }
}

function toWire(call: StackCall, headers: ReceivedHeaders | undefined): TransportCall {
  const { context, method, request, deadlineAt, signal, trace, attempt } = call;
  const hasClientDeadline = context.clientDeadlineAt <= deadlineAt;
  // Calls before the request is authorized are made to authorize it.
  const wait = context.outcome === '' ? (context.authWait ??= { connectMs: 0, upstreamMs: 0 }) : trace;
  return {
    method,
    request,
    metadata: callMetadata(context, attempt?.traceparent),
    deadlineAt,
    hasClientDeadline,
    signal,
    wait,
    headers,
  };
}
