import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { GatewayError, type GatewayErrorCode } from '../domain/errors.js';
import { ClientConnection, type ConnectionHandler } from './client-connection.js';
import type { TrackedResponse } from './tracked-response.js';

const UPGRADE_OPTION = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i;

const CODES: Readonly<Record<string, readonly [GatewayErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'The request header is larger than this server takes.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['PAYLOAD_TOO_LARGE', 'The chunk extensions are larger than this server takes.'],
  HPE_INVALID_EOF_STATE: ['MALFORMED_REQUEST', 'The connection ended in the middle of the request.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request did not arrive in time.'],
};

/**
 * The connections of one HTTP server, including those that Node's server has released. Its `ServerResponse` must be
 * {@link TrackedResponse}.
 */
export class ClientConnections {
  private readonly sockets = new Set<Socket>();

  /** @param handler returns the handler when there is an event to handle. */
  constructor(
    private readonly server: Server,
    handler: () => ConnectionHandler,
  ) {
    // Otherwise Node would end the socket when the client ends its side, and pending requests could not be answered.
    Object.assign(server, { httpAllowHalfOpen: true });
    // All are read, so that too many header lines are refused where they are counted; their total size is limited
    // separately.
    server.maxHeadersCount = 0;
    // Includes connections that are still in their TLS handshake.
    server.on('connection', (socket: Socket) => {
      this.track(socket);
      if (server instanceof TlsServer) socket.on('error', () => undefined);
    });
    onConnection(server, (socket) => {
      new ClientConnection(socket, handler);
      if (!this.sockets.has(socket)) this.track(socket);
    });
    server.prependListener('request', (request: IncomingMessage, response) => {
      ClientConnection.of(request.socket)?.begin(response as TrackedResponse);
      // Node's parser drops the bytes that arrive together with such a request, so the start of the next request would
      // be undefined.
      if (asksForUpgrade(request)) response.shouldKeepAlive = false;
    });
    // Node would answer these itself, without limits and without a log line, or leave the socket without an owner.
    for (const event of ['checkContinue', 'checkExpectation'] as const) {
      server.on(event, (request, response) => server.emit('request', request, response));
    }
    server.on('connect', (request, socket) => {
      const connection = ClientConnection.of(socket as Socket);
      connection?.takeOver(request, (response) => server.emit('request', request, response));
    });
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  /** Handles Node's `clientError`: the parser refused the input, the client was too slow, or the socket failed. */
  onClientError(thrown: Error & { code?: string }, socket: Socket): void {
    const connection = ClientConnection.of(socket);
    if (connection === undefined) return void socket.destroy();
    const error = fromClientError(thrown);
    if (error === undefined) connection.reset();
    else connection.breakOff(error);
  }

  /** Returns whether clients may still be reading the last response of their connection. */
  get areLingering(): boolean {
    return [...this.sockets].some((socket) => ClientConnection.of(socket)?.isClosing === true);
  }

  /** Makes the next response of each connection its last; idle connections end immediately. */
  retireAll(): void {
    for (const socket of this.sockets) ClientConnection.of(socket)?.retire();
    this.server.closeIdleConnections();
  }

  /** Destroys the remaining connections. */
  destroyAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Calls `take` with each new connection of a server, as soon as HTTP can be read from it. */
export function onConnection(server: Server, take: (socket: Socket) => void): void {
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', take);
}

/** Returns whether a request asks for an upgrade. Such a request is answered as if it had not asked (RFC 9110 7.8). */
function asksForUpgrade({ headers: { upgrade, connection } }: IncomingMessage): boolean {
  return upgrade !== undefined && connection !== undefined && UPGRADE_OPTION.test(connection);
}

/**
 * Returns an error of the HTTP parser as a GatewayError; undefined for an error of the socket, after which no response
 * is possible.
 */
function fromClientError(thrown: Error & { code?: string }): GatewayError | undefined {
  const { code = '' } = thrown;
  const known = CODES[code];
  if (known !== undefined) return new GatewayError(known[0], known[1], { cause: thrown });
  if (!code.startsWith('HPE_')) return undefined;
  return new GatewayError('MALFORMED_REQUEST', 'The request is not well-formed HTTP/1.1.', { cause: thrown });
}
