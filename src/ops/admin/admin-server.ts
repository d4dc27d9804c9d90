import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { GatewayError } from '../../domain/errors.js';
import type { ClientConnection, ConnectionHandler } from '../../edge/client-connection.js';
import { ClientConnections } from '../../edge/client-connections.js';
import { commonHeaders } from '../../edge/common-headers.js';
import { checkHeaderCount } from '../../edge/framing.js';
import { problemBody, problemHeaders, writeProblem } from '../../edge/problem.js';
import { TrackedResponse } from '../../edge/tracked-response.js';
import { findRoute } from './admin-routes.js';
import type { CallerCheck } from './caller-check.js';
import type { MainThread } from './main-thread.js';

const LIMITS = {
  maxHeaderSize: 8_192,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
const MAX_CONNECTIONS = 16;
const MAX_HEADERS = 50;
/** Above the deadline of the main thread. A caller that takes no answer for so long is left. */
const SILENCE_MS = 10_000;
const MAX_LOGGED_PATH = 256;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
  readonly error?: GatewayError;
}

/** HTTP of the admin listener: who calls, what for, one line for each call. Runs in the worker. */
export class AdminServer implements ConnectionHandler {
  readonly server: Server;
  draining = false;
  private readonly connections: ClientConnections;

  constructor(
    private readonly callers: CallerCheck,
    private readonly main: MainThread,
  ) {
    // A missing Host header is refused with the wrong ones, as a problem.
    const server = createServer({ ...LIMITS, requireHostHeader: false, ServerResponse: TrackedResponse });
    this.connections = new ClientConnections(server, () => this);
    server.maxConnections = MAX_CONNECTIONS;
    server.timeout = SILENCE_MS;
    server.on('request', (request, response) => void this.handle(request, response as TrackedResponse));
    server.on('clientError', (error, socket) => this.connections.onClientError(error, socket as Socket));
    this.server = server;
  }

  /** Takes no further calls; those under way are answered, and their connections close. */
  close(onClosed: () => void): void {
    this.draining = true;
    this.server.close(onClosed);
    this.server.closeIdleConnections();
  }

  /** Bytes that are not HTTP, or that come too slowly. */
  refuse(response: TrackedResponse, error: GatewayError, { remoteAddress: caller }: ClientConnection): void {
    const requestId = randomUUID();
    this.main.log({ method: '', path: '', status: error.status, code: error.code, caller, requestId });
    writeProblem(response, error, { requestId });
  }

  /** A command that was given is done and logged, whether or not its caller waits for the answer. */
  private async handle(request: IncomingMessage, response: TrackedResponse): Promise<void> {
    const requestId = randomUUID();
    const path = pathOf(request);
    const caller = response.connectionOf?.remoteAddress ?? '';
    const { status, headers, body, error } = await this.answer(request, requestId);
    const method = request.method ?? '';
    this.main.log({ method, path: path.slice(0, MAX_LOGGED_PATH), status, code: error?.code, caller, requestId });
    const text = `${JSON.stringify(body, undefined, 2)}\n`;
    response.writeHead(status, {
      ...commonHeaders(requestId),
      'content-type': 'application/json; charset=utf-8',
      ...headers,
      'content-length': Buffer.byteLength(text),
      ...(hasBody(request) ? { connection: 'close' } : {}),
    });
    response.end(text);
  }

  private async answer(request: IncomingMessage, requestId: string): Promise<Answer> {
    try {
      return { status: 200, headers: {}, body: await this.run(request) };
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      const body = problemBody(error, { requestId, path: pathOf(request) });
      return { status: error.status, headers: problemHeaders(error), body, error };
    }
  }

  private async run(request: IncomingMessage): Promise<object> {
    this.main.assertLogged();
    const tooMany = checkHeaderCount(request.rawHeaders, MAX_HEADERS);
    if (tooMany !== undefined) throw tooMany;
    this.callers.check(request.headers);
    const { target, params } = findRoute(request.method ?? '', pathOf(request));
    if (hasBody(request)) throw new GatewayError('PAYLOAD_TOO_LARGE', 'No call to this listener has a body.');
    return target === 'ping' ? { status: 'alive' } : this.main.ask(target, params);
  }
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? '';
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
