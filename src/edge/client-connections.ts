import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { fromClientError } from './client-error.js';
import { ClientConnection, type ConnectionHandler } from './client-connection.js';
import type { TrackedResponse } from './tracked-response.js';

const UPGRADE_OPTION = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i;

/** The connections of one HTTP server, those included that Node's server has let go of. Its `ServerResponse` must be {@link TrackedResponse}. */
export class ClientConnections {
  private readonly sockets = new Set<Socket>();

  /** @param handler asked for when there is something to handle. */
  constructor(
    private readonly server: Server,
    handler: () => ConnectionHandler,
  ) {
    // Node would end the socket when the client ends its side, and the requests under way could not be answered.
    Object.assign(server, { httpAllowHalfOpen: true });
    // All are read, so that too many are refused where they are counted; their bytes have a limit.
    server.maxHeadersCount = 0;
    // Also those that are still busy with their handshake.
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
      // Node's parser loses the bytes that came with such a request, so that the next one would begin anywhere.
      if (asksForUpgrade(request)) response.shouldKeepAlive = false;
    });
    // Node would answer these itself, without a look at limits and without a log line, or leave the socket to nobody.
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

  /** Node's `clientError`: the parser refused something, the client was too slow, or the socket failed. */
  onClientError(thrown: Error & { code?: string }, socket: Socket): void {
    const connection = ClientConnection.of(socket);
    if (connection === undefined) return void socket.destroy();
    const error = fromClientError(thrown);
    if (error === undefined) connection.reset();
    else connection.breakOff(error);
  }

  /** Whether clients may still be reading the last answer of their connection. */
  get areLingering(): boolean {
    return [...this.sockets].some((socket) => ClientConnection.of(socket)?.isClosing === true);
  }

  /** Has each connection end with its next answer; idle ones end now. */
  retireAll(): void {
    for (const socket of this.sockets) ClientConnection.of(socket)?.retire();
    this.server.closeIdleConnections();
  }

  /** Destroys what is left. */
  destroyAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Calls this with each connection of a server from now on, as soon as HTTP can be read from it. */
export function onConnection(server: Server, take: (socket: Socket) => void): void {
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', take);
}

/** Such a request is answered as if it had not asked (RFC 9110 7.8). */
function asksForUpgrade({ headers: { upgrade, connection } }: IncomingMessage): boolean {
  return upgrade !== undefined && connection !== undefined && UPGRADE_OPTION.test(connection);
}
