import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { GatewayError } from '../../domain/errors.js';
import type { ClientConnection, ConnectionHandler } from '../../edge/client-connection.js';
import { ClientConnections } from '../../edge/client-connections.js';
import { commonHeaders } from '../../edge/common-headers.js';
import { problemBody, problemHeaders, writeProblem } from '../../edge/problem.js';
import { TrackedResponse, type Exchange } from '../../edge/tracked-response.js';
import { type AdminResponse, json, writeResponse } from './admin-response.js';
import { CallRunner, hasBody, SILENCE_MS, splitTarget } from './call-runner.js';
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
const MAX_LOGGED_PATH = 256;

/** HTTP server of the admin listener, which logs each call. Runs in the worker. */
export class AdminServer implements ConnectionHandler {
  readonly server: Server;
  draining = false;
  private readonly connections: ClientConnections;
  private readonly calls: CallRunner;

  constructor(
    callers: CallerCheck,
    private readonly main: MainThread,
  ) {
    this.calls = new CallRunner(callers, main);
    // A missing Host header is refused as a problem, together with wrong ones.
    const server = createServer({ ...LIMITS, requireHostHeader: false, ServerResponse: TrackedResponse });
    this.connections = new ClientConnections(server, () => this);
    server.maxConnections = MAX_CONNECTIONS;
    server.timeout = SILENCE_MS;
    server.on('request', (request, response) => void this.handle(request, response as TrackedResponse));
    server.on('clientError', (error, socket) => this.connections.onClientError(error, socket as Socket));
    this.server = server;
  }

  /** Accepts no more calls. Those in progress are answered, the long ones end, and their connections close. */
  close(onClosed: () => void): void {
    this.draining = true;
    this.calls.close();
    this.server.close(onClosed);
    this.server.closeIdleConnections();
  }

  /** Refuses bytes that are not HTTP, or that arrive too slowly. */
  refuse(response: TrackedResponse, error: GatewayError, { remoteAddress: caller }: ClientConnection): void {
    const requestId = randomUUID();
    this.main.log({ method: '', path: '', status: error.status, code: error.code, caller, requestId });
    writeProblem(response, error, { requestId });
  }

  /** Handles a request. A command is carried out and logged, whether or not its caller still waits. */
  private async handle(request: IncomingMessage, response: TrackedResponse): Promise<void> {
    const exchange = new AdminExchange();
    response.exchange = exchange;
    const { signal } = exchange;
    const caller = response.connectionOf?.remoteAddress ?? '';
    const requestId = randomUUID();
    const [path] = splitTarget(request.url);
    const finish = (answer: AdminResponse, until: AbortSignal, error?: GatewayError) => {
      const status = error?.status ?? 200;
      const call = { method: request.method ?? '', path: path.slice(0, MAX_LOGGED_PATH), caller, requestId };
      const bug = error?.cause instanceof Error && error.code === 'INTERNAL' ? error.cause.stack : undefined;
      this.main.log({ ...call, status, code: error?.code, bug });
      const isUnread = hasBody(request) && !request.complete;
      const headers = { ...commonHeaders(requestId), ...(isUnread ? { connection: 'close' } : {}) };
      return writeResponse(response, { status, headers, signal: until }, answer);
    };
    try {
      await this.calls.run({ response, signal, requestId, caller }, finish);
    } catch (thrown) {
      if (response.headersSent) return void response.destroy();
      const error = GatewayError.from(thrown);
      const answer = { ...json(problemBody(error, { requestId, path })), headers: problemHeaders(error) };
      await finish(answer, signal, error);
    }
  }
}

/** One call as its connection sees it. Aborts the work of its handler when nobody waits for the response any more. */
class AdminExchange implements Exchange {
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
