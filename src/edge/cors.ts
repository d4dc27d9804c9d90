import { Inject, Injectable, Optional } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { PASSED_HEADERS } from '../domain/passed-headers.js';
import { ANY_METHOD } from './route-resolver.js';

type Headers = Readonly<Record<string, string>>;

/** What a client may send beside the headers that browsers send anyway. */
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

/** What a page may read of an answer beside the few headers that it may read anyway. */
const ANSWER_HEADERS = [
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

/** How long a browser need not ask again. Chromium takes no more than two hours. */
const MAX_AGE_SECONDS = 600;

/**
 * Lets pages of other origins read answers, errors too: pages of the origins that are named, and no others (Fetch 3.3).
 * Requests of foreign pages are not refused here; the browser keeps their answers from them.
 */
@Injectable()
export class Cors {
  /** By origin, what its pages are told. Never a wildcard: they may send the session cookie. */
  private answers: ReadonlyMap<string, Headers> = new Map();
  private requestHeaders = '';

  /** @param passed headers of backends that policies let through. */
  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: Pick<GatewayConfig, 'server'>,
    @Optional() @Inject(PASSED_HEADERS) private readonly passed: readonly string[] = [],
  ) {
    this.reconfigure();
  }

  /** Takes the origins and headers of the settings as they are now. */
  reconfigure(): void {
    this.requestHeaders = [...new Set([...REQUEST_HEADERS, ...this.config.server.corsHeaders])].join(', ');
    this.answers = new Map(this.config.server.corsOrigins.map((origin) => [origin, headersFor(origin, this.passed)]));
  }

  /** To be called for each answer, whatever it will be. */
  mark({ headers }: FastifyRequest, reply: FastifyReply): void {
    if (this.answers.size === 0) return;
    // For all origins alike, since a cache must not give one of them what was said to another.
    void reply.header('vary', 'Origin');
    const answer = this.answers.get(headers.origin ?? '');
    if (answer !== undefined) void reply.headers(answer);
  }

  /** Whether a browser asks if a page of an allowed origin may send a request (Fetch 3.3.2). */
  isPreflight({ method, headers }: FastifyRequest): boolean {
    return (
      method === 'OPTIONS' &&
      headers['access-control-request-method'] !== undefined &&
      this.answers.has(headers.origin ?? '')
    );
  }

  /**
   * The answer to a preflight, on top of what is on all answers.
   * @param methods of the path; empty for a path that nobody has: the browser sends the request, and its page can read the 404.
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
    'access-control-expose-headers': [...ANSWER_HEADERS, ...passed].join(', '),
  };
}
