import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CompiledRoute } from '../../contract/compiled-route.js';
import type { CallContext } from '../../domain/call-context.js';
import type { StoredResponse } from '../../traffic/idempotency/idempotency-record.js';
import type { RenderedResponseReader } from '../rendered-response-reader.js';

const NO_MESSAGE = new Uint8Array();

/** One request on its way through the pipeline of its route, and what the steps hand on to each other. */
export class RpcExchange {
  readonly call: CallContext;
  /** The encoded request message, from the step `decode` on. */
  message: Uint8Array = NO_MESSAGE;
  /** Reads the response of a unary call. */
  reader: RenderedResponseReader | undefined;
  /** What the last step that had to wait resolved to. */
  settled: unknown;
  /** What is sent to the client; undefined for a stream, which sends itself. */
  response: StoredResponse | undefined;
  /** Ends the call, as the end of the request does; undefined where nothing else does. */
  signal: AbortSignal | undefined;

  constructor(
    readonly request: FastifyRequest,
    readonly reply: FastifyReply,
    readonly rpc: CompiledRoute,
  ) {
    this.call = request.call;
  }
}
