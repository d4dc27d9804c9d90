import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { GatewayError } from '../../domain/errors.js';
import { answerOnSocket, fromClientError } from '../../edge/client-error.js';
import { problemBody, problemHeaders } from '../../edge/problem.js';
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
export class AdminServer {
  readonly server: Server;

  constructor(
    private readonly callers: CallerCheck,
    private readonly main: MainThread,
  ) {
    // A missing Host header is refused with the wrong ones, as a problem.
    const server = createServer({ ...LIMITS, requireHostHeader: false });
    server.maxConnections = MAX_CONNECTIONS;
    server.maxHeadersCount = MAX_HEADERS;
    server.timeout = SILENCE_MS;
    const handle = (request: IncomingMessage, response: ServerResponse) => void this.handle(request, response);
    server.on('request', handle);
    // Before the body is sent: there is none to be sent.
    server.on('checkContinue', handle);
    server.on('clientError', (error, socket) => this.refuse(error, socket as Socket));
    this.server = server;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    const path = pathOf(request);
    const caller = request.socket.remoteAddress ?? '';
    const { status, headers, body, error } = await this.answer(request, requestId);
    const method = request.method ?? '';
    this.main.log({ method, path: path.slice(0, MAX_LOGGED_PATH), status, code: error?.code, caller, requestId });
    const text = `${JSON.stringify(body, undefined, 2)}\n`;
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      ...headers,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
      ...(hasBody(request) ? { connection: 'close' } : {}),
    });
    response.end(text);
  }

  private async answer(request: IncomingMessage, requestId: string): Promise<Answer> {
    try {
      return { status: 200, headers: {}, body: await this.run(request) };
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      const body = problemBody(error, pathOf(request), requestId);
      return { status: error.status, headers: problemHeaders(error), body, error };
    }
  }

  private async run(request: IncomingMessage): Promise<object> {
    this.main.assertLogged();
    this.callers.check(request.headers);
    const { target, params } = findRoute(request.method ?? '', pathOf(request));
    if (hasBody(request)) throw new GatewayError('PAYLOAD_TOO_LARGE', 'No call to this listener has a body.');
    return target === 'ping' ? { status: 'alive' } : this.main.ask(target, params);
  }

  /** Bytes that are no HTTP, or that come too slowly. */
  private refuse(thrown: Error, socket: Socket): void {
    if (!socket.writable) return void socket.destroy();
    const error = fromClientError(thrown);
    const requestId = randomUUID();
    const caller = socket.remoteAddress ?? '';
    this.main.log({ method: '', path: '', status: error.status, code: error.code, caller, requestId });
    answerOnSocket(socket, error, requestId);
  }
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? '';
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
