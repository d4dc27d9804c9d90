import { Inject, Injectable, Optional } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { PASSED_HEADERS } from '../domain/passed-headers.js';
import { ANY_METHOD } from './route-resolver.js';

type Headers = Readonly<Record<string, string>>;

/** Request headers that pages may send in addition to the CORS-safelisted ones. */
const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'grpc-timeout',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'last-event-id',
  'traceparent',
  'tracestate',
  'x-api-key',
  'x-csrf',
  'x-request-id',
  'x-request-timeout',
];

/** Response headers that pages may read in addition to the CORS-safelisted ones. */
const EXPOSED_HEADERS = [
  'allow',
  'deprecation',
  'etag',
  'idempotency-replayed',
  'link',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'sunset',
  'traceparent',
  'www-authenticate',
  'x-correlation-id',
  'x-gateway-complete',
  'x-gateway-error',
  'x-gateway-fallback',
  'x-ratelimit-dimension',
  'x-ratelimit-scope',
  'x-request-id',
  'x-trace-id',
];

/** Time for which a browser may cache a preflight response. Chromium caps it at two hours. */
const MAX_AGE_SECONDS = 600;

/**
 * Lets pages of the configured origins, and no others, read responses, including errors (Fetch 3.3). Requests of other
 * pages are not refused here; the browser withholds the responses from them.
 */
@Injectable()
export class Cors {
  /** CORS headers by origin. Never a wildcard, because pages may send the session cookie. */
  private headersByOrigin: ReadonlyMap<string, Headers> = new Map();
  private requestHeaders = '';

  /** @param passed headers of backends that policies let through. */
  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: Pick<GatewayConfig, 'server'>,
    @Optional() @Inject(PASSED_HEADERS) private readonly passed: readonly string[] = [],
  ) {
    this.reconfigure();
  }

  /** Applies the origins and headers of the current settings. */
  reconfigure(): void {
    this.requestHeaders = [...new Set([...REQUEST_HEADERS, ...this.config.server.corsHeaders])].join(', ');
    this.headersByOrigin = new Map(
      this.config.server.corsOrigins.map((origin) => [origin, headersFor(origin, this.passed)]),
    );
  }

  /** Sets the CORS headers of a response. Called for every response. */
  mark({ headers }: FastifyRequest, reply: FastifyReply): void {
    if (this.headersByOrigin.size === 0) return;
    // Set for all origins, because a cache must not serve one origin the response for another.
    void reply.header('vary', 'Origin');
    const allowed = this.headersByOrigin.get(headers.origin ?? '');
    if (allowed !== undefined) void reply.headers(allowed);
  }

  /** Returns whether a request is a CORS preflight of an allowed origin (Fetch 3.3.2). */
  isPreflight({ method, headers }: FastifyRequest): boolean {
    return (
      method === 'OPTIONS' &&
      headers['access-control-request-method'] !== undefined &&
      this.headersByOrigin.has(headers.origin ?? '')
    );
  }

  /**
   * Returns the headers of a preflight response, in addition to the common ones.
   * @param methods of the path; empty for a path without a route: the browser then sends the request, and its page can
   * read the 404.
   */
  permit(methods: string): Headers {
    return {
      'access-control-allow-methods': methods || ANY_METHOD,
      'access-control-allow-headers': this.requestHeaders,
      'access-control-max-age': String(MAX_AGE_SECONDS),
    };
  }
}

function headersFor(origin: string, passed: readonly string[]): Headers {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': [...EXPOSED_HEADERS, ...passed].join(', '),
  };
}
