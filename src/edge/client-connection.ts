import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { GatewayError } from '../domain/errors.js';
import { LinkedSet } from '../domain/linked-set.js';
import { type Exchange, TrackedResponse } from './tracked-response.js';

/** The client may still send this long after the last answer. Closed with unread bytes, the socket would send a reset, which can overtake the answer (RFC 9112 9.6). */
const LINGER_MS = 1_000;
/** A client that has sent its last byte has this long to take what was being written. */
const HALF_CLOSED_MS = 10_000;

/** What a server does with its connections. */
export interface ConnectionHandler {
  readonly draining: boolean;
  /** Logs bytes that never became a request, and answers them unless their client is gone. */
  refuse(response: TrackedResponse, error: GatewayError, connection: ClientConnection): void;
}

const connections = new WeakMap<Socket, ClientConnection>();

/**
 * One connection of a client, from its first byte to its end. Keeps what Node's HTTP server does not: each request has one
 * answer, in order, nothing follows an answer that ended the exchange, and the socket is destroyed in bounded time.
 */
export class ClientConnection {
  /** Read immediately: a closed socket has none. */
  readonly remoteAddress: string;
  /** No further request is taken: an answer said `Connection: close`. */
  isClosing = false;
  /** In the order of their requests. */
  private readonly open = new LinkedSet<TrackedResponse>();
  private last: TrackedResponse | undefined;
  private hasHadRequest = false;
  /** Nothing more can be read as HTTP. */
  private isBroken = false;
  private isHalfClosed = false;
  private isRetired = false;
  /** The answer to a CONNECT, until those before it are written. */
  private waiting: TrackedResponse | undefined;
  /** What bytes that are not HTTP are answered with, as soon as the requests before them are. */
  private refusal: GatewayError | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly socket: Socket,
    private readonly handler: () => ConnectionHandler,
  ) {
    connections.set(socket, this);
    this.remoteAddress = socket.remoteAddress ?? '';
    // For as long as there is a socket, also when Node's server has let go of it.
    socket.on('error', () => undefined);
    socket.on('end', () => this.onEnd());
    socket.once('close', () => this.onClose());
    // What Node calls after an answer that closes the connection.
    socket.destroySoon = () => this.close();
  }

  /** Returns undefined for a socket that is not of a tracked server. */
  static of(socket: Socket): ClientConnection | undefined {
    return connections.get(socket);
  }

  /** Those that are not over. */
  get exchanges(): Exchange[] {
    return [...this.open].flatMap(({ exchange }) => exchange ?? []);
  }

  /** Takes note of a request. */
  begin(response: TrackedResponse): void {
    response.connectionOf = this;
    this.open.add(response);
    this.last = response;
    this.hasHadRequest = true;
    response.once('finish', settle);
  }

  /** Whether the head of this answer must say that the connection closes. */
  endsWith(response: TrackedResponse): boolean {
    if (this.last !== response) return false;
    return (
      this.isHalfClosed || this.isRetired || (this.isBroken && this.refusal === undefined) || this.handler().draining
    );
  }

  /** Its next answer is its last. */
  retire(): void {
    this.isRetired = true;
  }

  /** An answer is written to its end. */
  settle(response: TrackedResponse): void {
    this.open.delete(response);
    if (this.last === response && response.req.complete) this.last = undefined;
    this.closeWhenIdle();
  }

  /** The bytes that came are not HTTP, or come too slowly. Belongs to the request whose body they should have been, if there is one. */
  breakOff(error: GatewayError): void {
    if (this.isBroken) return;
    this.isBroken = true;
    const { last } = this;
    if (last === undefined || last.req.complete) this.refusal = error;
    else if (this.open.has(last)) last.exchange?.fail(error);
    this.closeWhenIdle();
  }

  /** Goes on where Node's server let go of the socket: answers a request after which nothing more can be read (CONNECT). */
  takeOver(request: IncomingMessage, answer: (response: TrackedResponse) => void): void {
    this.isBroken = true;
    this.waiting = this.respondTo(request);
    answer(this.waiting);
    // Node no longer does either for the answers before this one.
    this.socket.on('drain', () => this.open.oldest?.emit('drain'));
    this.socket.resume();
    this.closeWhenIdle();
  }

  /** The client reset the connection, or the network did. */
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

  /** Once nothing more is read and all answers so far are written: gives the last one, if there is one to give, and closes. */
  private closeWhenIdle(): void {
    const { waiting, refusal } = this;
    if (!this.isBroken || this.open.size > (waiting === undefined ? 0 : 1)) return;
    this.waiting = undefined;
    this.refusal = undefined;
    if (waiting !== undefined && this.socket.writable) this.write(waiting);
    else if (refusal !== undefined && !this.isClosing) this.refuse(refusal);
    else this.close();
  }

  /** A FIN: the client left, or will send nothing more. Nobody can tell which, so both end what it asked for. */
  private onEnd(): void {
    this.isHalfClosed = true;
    this.destroyAfter(HALF_CLOSED_MS);
    for (const response of this.open) response.exchange?.fail(clientClosed());
    if (this.open.size === 0) this.socket.end();
  }

  private onClose(): void {
    clearTimeout(this.timer);
    // What waited for its turn has its log line all the same.
    if (this.refusal !== undefined) this.refuse(this.refusal);
    for (const response of this.open) response.exchange?.abandon();
    this.open.clear();
  }

  private close(): void {
    this.isClosing = true;
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
