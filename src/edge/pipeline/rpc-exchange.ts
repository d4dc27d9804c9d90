import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CompiledRoute } from '../../contract/compiled-route.js';
import type { CallContext } from '../../domain/call-context.js';
import type { StoredResponse } from '../../traffic/idempotency/idempotency-record.js';
import type { RenderedResponseReader } from '../rendered-response-reader.js';

const NO_MESSAGE = new Uint8Array();

/** One request in the pipeline of its route, and the values that the steps pass to each other. */
export class RpcExchange {
  readonly call: CallContext;
  /** The encoded request message, set by the step `decode`. */
  message: Uint8Array = NO_MESSAGE;
  /** Reads the response of a unary call. */
  reader: RenderedResponseReader | undefined;
  /** Result of the last step that had to wait. */
  settled: unknown;
  /** The response to the client; undefined for a stream, which sends itself. */
  response: StoredResponse | undefined;
  /** Cancels the call in addition to the end of the request; undefined where nothing else does. */
  signal: AbortSignal | undefined;

  constructor(
    readonly request: FastifyRequest,
    readonly reply: FastifyReply,
    readonly rpc: CompiledRoute,
  ) {
    this.call = request.call;
  }
}
