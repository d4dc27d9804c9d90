import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { GatewayError } from '../domain/errors.js';
import type { Linked } from '../domain/linked-set.js';
import type { ClientConnection } from './client-connection.js';

type HeaderArgument = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** A request in progress, as its connection sees it. */
export interface Exchange {
  /** Ends it early, with an error response if none has begun: its body is incomplete, or its client left. */
  fail(error: GatewayError): void;
  /** Called when the connection closed before the response was written completely. */
  abandon(): void;
}

/**
 * A response that knows its connection. Whether the connection stays open is decided when the header is written (RFC
 * 9112 9.6).
 */
export class TrackedResponse<R extends IncomingMessage = IncomingMessage>
  extends ServerResponse<R>
  implements Linked<TrackedResponse>
{
  /** Neighbors in the list of open responses of the connection. */
  before: TrackedResponse | undefined;
  after: TrackedResponse | undefined;
  connectionOf: ClientConnection | undefined;
  /** Its place among the responses of its connection, from 1. */
  position = 0;
  exchange: Exchange | undefined;
  /** Time at which the header was written, in `performance.now()` ms; 0 before. */
  headAt = 0;

  override writeHead(status: number, first?: string | HeaderArgument, second?: HeaderArgument): this {
    const connection = this.connectionOf;
    this.headAt = performance.now();
    if (connection === undefined) return super.writeHead(status, first as string, second);
    if (connection.endsWith(this)) this.shouldKeepAlive = false;
    super.writeHead(status, first as string, second);
    const headers = typeof first === 'object' ? first : second;
    if (!this.shouldKeepAlive || saysClose(headers) || this.getHeader('connection') === 'close')
      connection.closesAfter(this);
    return this;
  }

  /**
   * Sends 100 (Continue) when it is this response's turn: Node would write it between the header and the body of a
   * response that waits for those before it. Clients of HTTP/1.0 do not support it (RFC 9110 10.1.1, 15.2).
   */
  override writeContinue(): void {
    if (this.req.httpVersionMinor === 0) return;
    if (this.socket !== null) super.writeContinue();
    else this.once('socket', continueUnlessAnswered);
  }
}

function continueUnlessAnswered(this: TrackedResponse): void {
  if (!this.headersSent) this.writeContinue();
}

function saysClose(headers: HeaderArgument | undefined): boolean {
  return headers !== undefined && !Array.isArray(headers) && headers['connection'] === 'close';
}
