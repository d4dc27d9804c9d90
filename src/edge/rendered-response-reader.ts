import type { CompiledRoute } from '../contract/compiled-route.js';
import type { CallContext } from '../domain/call-context.js';
import type { ReceivedHeaders, ResponseReader } from '../traffic/call.js';
import type { StoredResponse } from '../traffic/idempotency/idempotency-record.js';
import { renderResponse } from './response.js';
import { passHeaders } from './passed-headers.js';
import type { JsonValue } from './rpc-call.js';

/** Renders the response of an upstream while a failure still counts as an upstream fault, and keeps the result. */
export class RenderedResponseReader implements ResponseReader {
  private response: Uint8Array | undefined;
  private rendered: StoredResponse | undefined;

  constructor(
    private readonly rpc: CompiledRoute,
    private readonly call: CallContext,
  ) {}

  read(response: Uint8Array, received?: ReceivedHeaders): void {
    const passed = passHeaders(received);
    const rendered = renderResponse(this.rpc, this.call, response);
    this.rendered = passed === undefined ? rendered : { ...rendered, headers: { ...passed, ...rendered.headers } };
    this.response = response;
  }

  /** Returns the response of a call: the one that was read, or one rendered from a cache or a fallback. */
  render(response: Uint8Array | JsonValue): StoredResponse {
    if (this.rendered !== undefined && response === this.response) return this.rendered;
    return renderResponse(this.rpc, this.call, response);
  }
}
