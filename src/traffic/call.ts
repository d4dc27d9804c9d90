import type { CallContext, UpstreamTrace } from '../domain/call-context.js';
import type { CancelSignal } from '../domain/cancellation.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import type { AttemptRecord } from '../domain/span-record.js';
import type { HeaderSink } from '../grpc/transport.js';

/** Headers of one response that the policy of its RPC lets through, as they came. */
export class ReceivedHeaders implements HeaderSink {
  readonly values: Record<string, string> = {};

  constructor(readonly names: readonly string[]) {}

  set(name: string, value: string): void {
    this.values[name] ??= value;
  }
}

/** Whoever reads what an upstream answers. */
export interface ResponseReader {
  /**
   * Throws GatewayError for bytes that are no such message, or that the caller may not see.
   * @param headers of the response that the policy lets through; undefined where it names none.
   */
  read(response: Uint8Array, headers?: ReceivedHeaders): void;
}

/** A call as it enters the stack. */
export interface UpstreamCall {
  readonly context: CallContext;
  readonly method: RpcMethod;
  readonly request: Uint8Array;
  /** Moment in `performance.now()` ms. A stream has limits of its own instead. */
  readonly deadlineAt: number;
  /** Reads an answer of the upstream before it counts as one; not those of a cache or fallback. */
  readonly reader?: ResponseReader | undefined;
  /** Takes headers of a stream that the policy lets through; undefined where it names none. */
  readonly headers?: ReceivedHeaders | undefined;
  /** Ends the call, as the end of its request does, which it includes; that of the request alone when left out. */
  readonly signal?: CancelSignal | undefined;
}

/** A call on its way down the stack. Layers pass it on, or a copy with a nearer deadline; all attempts share the rest. */
export interface StackCall extends UpstreamCall {
  /** When the call entered the stack, in `performance.now()` ms. */
  readonly startedAt: number;
  /** Ends this attempt: that of the request, unless an attempt may end before its request does. */
  readonly signal: CancelSignal;
  /** This call's own: a request may make several at once. */
  readonly trace: UpstreamTrace;
  /** What the span of this attempt is made from, while tracing is on. */
  attempt?: AttemptRecord | undefined;
}

/** What a layer wraps: sends the call and resolves to the bytes of the response, or to a stream that has begun. */
export type Next<Response = Uint8Array> = (call: StackCall) => Promise<Response>;

/** One concern around a call, in the style of a gRPC interceptor. */
export type Layer<Response = Uint8Array> = (next: Next<Response>) => Next<Response>;
