import type { CallContext, UpstreamTrace } from '../domain/call-context.js';
import type { CancelSignal } from '../domain/cancellation.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import type { AttemptRecord } from '../domain/span-record.js';
import type { HeaderSink } from '../grpc/transport.js';

/** Response headers that the policy of the RPC lets through, as received. */
export class ReceivedHeaders implements HeaderSink {
  readonly values: Record<string, string> = {};

  constructor(readonly names: readonly string[]) {}

  set(name: string, value: string): void {
    this.values[name] ??= value;
  }
}

/** Reads the response of an upstream. */
export interface ResponseReader {
  /**
   * Throws GatewayError for bytes that are not a valid message, or that the caller may not see.
   * @param headers of the response that the policy lets through; undefined where it names none.
   */
  read(response: Uint8Array, headers?: ReceivedHeaders): void;
}

/** A call as it enters the stack. */
export interface UpstreamCall {
  readonly context: CallContext;
  readonly method: RpcMethod;
  readonly request: Uint8Array;
  /** Deadline in `performance.now()` ms. A stream has its own limits instead. */
  readonly deadlineAt: number;
  /**
   * Reads a response of the upstream before it counts as a success; responses of a cache or fallback are not read.
   */
  readonly reader?: ResponseReader | undefined;
  /** Receives the headers of a stream that the policy lets through; undefined where it names none. */
  readonly headers?: ReceivedHeaders | undefined;
  /** Ends the call; includes the end of its request. Default: the end of the request only. */
  readonly signal?: CancelSignal | undefined;
}

/**
 * A call on its way down the stack. Layers pass it on, or a copy with an earlier deadline; all attempts share the
 * rest.
 */
export interface StackCall extends UpstreamCall {
  /** When the call entered the stack, in `performance.now()` ms. */
  readonly startedAt: number;
  /** Ends this attempt: the signal of the request, unless an attempt may end before its request does. */
  readonly signal: CancelSignal;
  /** Trace of this call alone: a request may make several concurrently. */
  readonly trace: UpstreamTrace;
  /** Source of the span of this attempt, while tracing is on. */
  attempt?: AttemptRecord | undefined;
}

/**
 * The next step of the stack: sends the call and resolves to the bytes of the response, or to a stream that has
 * begun.
 */
export type Next<Response = Uint8Array> = (call: StackCall) => Promise<Response>;

/** One concern around a call, like a gRPC interceptor. */
export type Layer<Response = Uint8Array> = (next: Next<Response>) => Next<Response>;
