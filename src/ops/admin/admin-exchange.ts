import { GatewayError } from '../../domain/errors.js';
import type { Exchange } from '../../edge/tracked-response.js';

/** One call as its connection sees it. Aborts the work of its handler when nobody waits for the response any more. */
export class AdminExchange implements Exchange {
  private readonly controller = new AbortController();

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  fail(error: GatewayError): void {
    this.controller.abort(error);
  }

  abandon(): void {
    this.fail(new GatewayError('CLIENT_CLOSED', 'The caller closed the connection before the response.'));
  }
}
