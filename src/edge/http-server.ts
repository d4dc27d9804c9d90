import type { IncomingMessage } from 'node:http';
import type { ServerOptions as TlsOptions } from 'node:https';
import type { Socket } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../config/gateway-config.js';
import { ROUTABLE_VERBS } from '../contract/verbs.js';
import { GatewayError } from '../domain/errors.js';
import { withoutBase } from './base-path.js';
import { readBody } from './request-body.js';
import { ClientConnections } from './client-connections.js';
import type { RequestLifecycle } from './request-lifecycle.js';
import { toGatewayError } from './to-gateway-error.js';
import { TrackedResponse } from './tracked-response.js';

/**
 * Interval at which Node looks for slow clients; with its default of 30 s a connection could be held long past the
 * limit.
 */
const CHECK_INTERVAL_MS = 1_000;
const MAX_SEGMENT_BYTES = 1_024;

/** Optional features of a server. */
export interface ServerFeatures {
  /** Middleware of adopted modules, for which Nest has an engine. */
  readonly middleware: boolean;
  /** Undefined for plaintext. */
  readonly tls?: TlsOptions | undefined;
}

/** The HTTP server with its limits. It is made before the application so that its hooks run before all others. */
export class HttpServer {
  readonly fastify: FastifyInstance;
  readonly connections: ClientConnections;
  private lifecycle: RequestLifecycle | undefined;

  constructor(config: GatewayConfig, features: ServerFeatures = { middleware: false }) {
    const refusals: Refusals = {
      frameworkErrors: (error, request, reply) => this.begun().refuseTarget(request, reply, toGatewayError(error)),
      clientErrorHandler: (error, socket) => this.connections.onClientError(error, socket),
    };
    this.fastify = fastify(serverOptions(config, refusals, features.tls)) as unknown as FastifyInstance;
    this.connections = new ClientConnections(this.fastify.server, () => this.begun());
    this.fastify.server.maxConnections = config.server.maxConnections;
    // Otherwise a worker at its limit would pass further connections to other workers, which would pass them on
    // endlessly.
    Object.assign(this.fastify.server, { dropMaxConnection: true });
    // Read by Nest's adapter: without middleware its engine would only cost time on each request.
    if (!features.middleware) this.fastify.decorate('skipMiddie', true);
    for (const name of ['call', 'rpc'] as const) this.fastify.decorateRequest(name);
    for (const name of ['rawPath', 'rawQuery'] as const) this.fastify.decorateRequest(name, '');
    this.takeAllVerbs();
    this.takeBodiesAsBytes();
    this.fastify.addHook('onRoute', (route) => this.begun().learn(route));
    this.fastify.addHook('onRequest', (request, reply, done) => this.begun().begin(request, reply, done));
    this.fastify.addHook('onResponse', (request, reply, done) => {
      this.begun().end(request, reply);
      done();
    });
  }

  /** Registers the hooks on the application. */
  use(lifecycle: RequestLifecycle): void {
    this.lifecycle = lifecycle;
  }

  private begun(): RequestLifecycle {
    if (this.lifecycle === undefined) throw new GatewayError('INTERNAL', 'The gateway is not up yet.');
    return this.lifecycle;
  }

  /** Registers all methods of Node's parser: Fastify knows nine, and a binding may use any of them. */
  private takeAllVerbs(): void {
    for (const verb of ROUTABLE_VERBS) {
      if (!this.fastify.supportedMethods.includes(verb)) this.fastify.addHttpMethod(verb, { hasBody: true });
    }
  }

  private takeBodiesAsBytes(): void {
    this.fastify.removeAllContentTypeParsers();
    this.fastify.addContentTypeParser('*', (request, payload, done) => {
      const begunAt = performance.now();
      const begun = this.begun();
      const limits = { bytes: begun.bodyLimit(request), take: (bytes: number) => begun.takeBody(request, bytes) };
      readBody(payload, limits, (error, body) => {
        request.call.receiveMs = performance.now() - begunAt;
        done(error, body);
      });
    });
  }
}

/** Handlers for input that does not reach a route: targets that the router refuses, and bytes that are not HTTP. */
interface Refusals {
  readonly frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => void;
  readonly clientErrorHandler: (error: Error & { code?: string }, socket: Socket) => void;
}

function serverOptions({ server }: GatewayConfig, refusals: Refusals, tls: TlsOptions | undefined) {
  const { basePath } = server;
  const http = {
    ServerResponse: TrackedResponse,
    // Checked with the rest of the framing, so that the error is a problem document like all others.
    requireHostHeader: false,
    maxHeaderSize: server.maxHeaderBytes,
    headersTimeout: server.headersTimeoutMs,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  };
  return {
    ...refusals,
    ...(basePath === '' ? {} : { rewriteUrl: ({ url = '/' }: IncomingMessage) => withoutBase(url, basePath) }),
    requestTimeout: server.receiveTimeoutMs,
    keepAliveTimeout: server.keepAliveTimeoutMs,
    return503OnClosing: false,
    forceCloseConnections: 'idle' as const,
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: MAX_SEGMENT_BYTES * 3,
      // Read according to the contract, and for ordinary controllers once the route is known.
      querystringParser: () => ({}),
    },
    // With TLS they all have the same meaning (node:https).
    ...(tls === undefined ? { http } : { https: { ...http, noDelay: true, ...tls } }),
  };
}
