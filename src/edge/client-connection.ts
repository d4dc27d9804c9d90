import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { GatewayError } from '../domain/errors.js';
import { LinkedSet } from '../domain/linked-set.js';
import { type Exchange, TrackedResponse } from './tracked-response.js';

/**
 * Time for which the client may still send after the last response. Closing a socket with unread bytes sends a reset,
 * which can overtake the response (RFC 9112 9.6).
 */
const LINGER_MS = 1_000;
/** Time that a client which has half-closed its connection has to read the rest of its responses. */
const HALF_CLOSED_MS = 10_000;

/** Callbacks of a server for the events of its connections. */
export interface ConnectionHandler {
  readonly draining: boolean;
  /** Logs bytes that are not a valid HTTP request, and sends an error response unless the client is gone. */
  refuse(response: TrackedResponse, error: GatewayError, connection: ClientConnection): void;
}

const connections = new WeakMap<Socket, ClientConnection>();

/**
 * One client connection, from its first byte to its end. Adds what Node's HTTP server does not guarantee: each request
 * has one response, in order; nothing follows a final response; and the socket is destroyed in bounded time.
 */
export class ClientConnection {
  /** Read in the constructor, because a closed socket no longer has an address. */
  readonly remoteAddress: string;
  /** Number of requests so far. */
  private begun = 0;
  /** Position of the response that says `Connection: close`: no request after it is accepted. Infinity without one. */
  private closesAt = Infinity;
  /** Open responses in the order of their requests. */
  private readonly open = new LinkedSet<TrackedResponse>();
  private last: TrackedResponse | undefined;
  private hasHadRequest = false;
  /** True once nothing more can be parsed as HTTP on this connection. */
  private isBroken = false;
  private isHalfClosed = false;
  private isRetired = false;
  /** Response to a CONNECT, until the responses before it are written. */
  private waiting: TrackedResponse | undefined;
  /** Error with which bytes that are not HTTP are answered, once the requests before them are answered. */
  private refusal: GatewayError | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly socket: Socket,
    private readonly handler: () => ConnectionHandler,
  ) {
    connections.set(socket, this);
    this.remoteAddress = socket.remoteAddress ?? '';
    // Kept for as long as there is a socket, also after Node's server has released it.
    socket.on('error', () => undefined);
    socket.on('end', () => this.onEnd());
    socket.once('close', () => this.onClose());
    // Node calls this after a response that closes the connection.
    socket.destroySoon = () => this.close();
  }

  /** Returns the connection of a socket; undefined for a socket of a server that is not tracked. */
  static of(socket: Socket): ClientConnection | undefined {
    return connections.get(socket);
  }

  /** Returns the exchanges that are not over. */
  get exchanges(): Exchange[] {
    return [...this.open].flatMap(({ exchange }) => exchange ?? []);
  }

  /** Returns whether a response has been announced as the last one. */
  get isClosing(): boolean {
    return this.closesAt !== Infinity;
  }

  /** Registers the response to a new request. */
  begin(response: TrackedResponse): void {
    this.begun += 1;
    response.position = this.begun;
    response.connectionOf = this;
    this.open.add(response);
    this.last = response;
    this.hasHadRequest = true;
    response.once('finish', settle);
  }

  /** Returns whether the header of this response must announce that the connection closes. */
  endsWith(response: TrackedResponse): boolean {
    if (this.last !== response) return false;
    return (
      this.isHalfClosed || this.isRetired || (this.isBroken && this.refusal === undefined) || this.handler().draining
    );
  }

  /** Records that the header of a response announces the end of the connection. */
  closesAfter(response: TrackedResponse): void {
    this.closesAt = Math.min(this.closesAt, response.position);
  }

  /** Returns whether a response comes after one that was announced as the last, and so will not be sent (RFC 9112 9.6). */
  isPastEnd(response: TrackedResponse): boolean {
    return response.position > this.closesAt;
  }

  /** Makes the next response of this connection its last. */
  retire(): void {
    this.isRetired = true;
  }

  /** Removes a response that is written completely. */
  settle(response: TrackedResponse): void {
    this.open.delete(response);
    if (this.last === response && response.req.complete) this.last = undefined;
    this.closeWhenIdle();
  }

  /**
   * Handles bytes that are not HTTP, or that arrive too slowly. The error belongs to the request whose body is
   * incomplete, if there is one.
   */
  breakOff(error: GatewayError): void {
    if (this.isBroken) return;
    this.isBroken = true;
    const { last } = this;
    if (last === undefined || last.req.complete) this.refusal = error;
    else if (this.open.has(last)) last.exchange?.fail(error);
    this.closeWhenIdle();
  }

  /**
   * Takes over a socket that Node's server has released, and answers a request after which nothing more can be parsed
   * (CONNECT).
   */
  takeOver(request: IncomingMessage, respond: (response: TrackedResponse) => void): void {
    this.isBroken = true;
    this.waiting = this.respondTo(request);
    respond(this.waiting);
    // Node no longer does either for the responses before this one.
    this.socket.on('drain', () => this.open.oldest?.emit('drain'));
    this.socket.resume();
    this.closeWhenIdle();
  }

  /** Handles a connection that was reset by the client or by the network. */
  reset(): void {
    this.socket.destroy();
    if (this.hasHadRequest || this.isBroken || this.socket.bytesRead === 0) return;
    this.isBroken = true;
    this.refuse(clientClosed());
  }

  private refuse(error: GatewayError): void {
    const response = this.respondTo(new IncomingMessage(this.socket));
    this.write(response);
    this.handler().refuse(response, error, this);
  }

  private respondTo(request: IncomingMessage): TrackedResponse {
    const response = new TrackedResponse(request);
    response.shouldKeepAlive = false;
    response.once('finish', () => this.close());
    return response;
  }

  private write(response: TrackedResponse): void {
    if (this.socket.writable) response.assignSocket(this.socket);
  }

  /**
   * Sends the last response, if there is one, and closes the connection. Does so once nothing more is read and all
   * responses so far are written.
   */
  private closeWhenIdle(): void {
    const { waiting, refusal } = this;
    if (!this.isBroken || this.open.size > (waiting === undefined ? 0 : 1)) return;
    this.waiting = undefined;
    this.refusal = undefined;
    if (waiting !== undefined && this.socket.writable) this.write(waiting);
    else if (refusal !== undefined && !this.isClosing) this.refuse(refusal);
    else this.close();
  }

  /**
   * Handles a FIN. Whether the client has left or has only finished sending cannot be distinguished, so its requests
   * are cancelled in both cases.
   */
  private onEnd(): void {
    this.isHalfClosed = true;
    this.destroyAfter(HALF_CLOSED_MS);
    for (const response of this.open) response.exchange?.fail(clientClosed());
    if (this.open.size === 0) this.socket.end();
  }

  private onClose(): void {
    clearTimeout(this.timer);
    // A request that was still waiting for its turn is logged as well.
    if (this.refusal !== undefined) this.refuse(this.refusal);
    for (const response of this.open) response.exchange?.abandon();
    this.open.clear();
  }

  private close(): void {
    this.closesAt = Math.min(this.closesAt, this.begun);
    this.socket.end();
    this.socket.resume();
    this.destroyAfter(LINGER_MS);
  }

  private destroyAfter(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.socket.destroy(), ms);
  }
}

function settle(this: TrackedResponse): void {
  this.connectionOf?.settle(this);
}

function clientClosed(): GatewayError {
  return new GatewayError('CLIENT_CLOSED', 'The client closed the connection before the answer.');
}
