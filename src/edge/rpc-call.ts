import type { CallContext } from '../domain/call-context.js';
import type { RpcMethod } from '../domain/rpc-method.js';

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Argument of an explicit method of an `@RpcController`, which replaces the generated handler. */
export interface RpcCall {
  readonly context: CallContext;
  readonly method: RpcMethod;
  /** The validated request, as the bytes of its message, including the bound tenant. */
  readonly request: Uint8Array;
  /** Aborted when nobody waits for the response any longer. */
  readonly signal: AbortSignal;
  /**
   * Makes the call that the generated handler would make, with other bytes if given, and resolves to the response
   * message.
   */
  send(request?: Uint8Array): Promise<Uint8Array>;
}

/**
 * An explicit method: bytes are a response message and pass through the writer with its redaction; any other value is
 * sent as JSON.
 */
export type RpcOverride = (call: RpcCall) => Promise<Uint8Array | JsonValue>;
