import type { CallContext } from '../domain/call-context.js';
import type { RpcMethod } from '../domain/rpc-method.js';

/** A call on its way down the stack. Layers pass it on, or a copy with a nearer deadline. */
export interface UpstreamCall {
  readonly context: CallContext;
  readonly method: RpcMethod;
  readonly request: Uint8Array;
  /** Moment in `performance.now()` ms. */
  readonly deadlineAt: number;
}

/** What a layer wraps: sends the call and resolves to the bytes of the response. */
export type Next = (call: UpstreamCall) => Promise<Uint8Array>;

/** One concern around a call, in the style of a gRPC interceptor. */
export type Layer = (next: Next) => Next;
