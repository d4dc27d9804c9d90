import type { FastifyReply } from 'fastify';
import type { CallContext } from '../domain/call-context.js';
import type { RateLimitVerdict } from '../domain/rate-limit.js';
import { type TraceContext, traceIdOf } from '../domain/trace-context.js';

/** Headers that forbid framing, content sniffing, caching and scripts, since the gateway serves JSON. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
});

/**
 * Returns the headers of every response on every port, also of responses to bytes that are not a request.
 * @param trace undefined where nothing is traced.
 */
export function commonHeaders(requestId: string, trace?: TraceContext): Record<string, string> {
  const headers: Record<string, string> = {
    ...SECURITY_HEADERS,
    'x-request-id': requestId,
    'x-correlation-id': requestId,
  };
  if (trace === undefined) return headers;
  headers['traceparent'] = trace.traceparent;
  headers['x-trace-id'] = traceIdOf(trace);
  return headers;
}

/** Adds names to the Vary header of a response (RFC 9110 12.5.5), each once. */
export function addVary(reply: FastifyReply, names: string): void {
  const before = reply.getHeader('vary') as string | undefined;
  if (before === undefined || before === '') return void reply.header('vary', names);
  const known = before.split(', ');
  const added = names.split(', ').filter((name) => !known.includes(name));
  if (added.length > 0) void reply.header('vary', [...known, ...added].join(', '));
}

/**
 * Writes the durations of the stages of a request so far into `Server-Timing`, in ms; stages that were not reached are
 * omitted.
 */
export function writeServerTiming(reply: FastifyReply, call: CallContext): void {
  const { authnMs, authzMs, rateLimitMs, queueMs, upstream, startedAt, receiveMs } = call;
  const times = [
    ['receive', receiveMs],
    ['auth', authnMs + authzMs],
    ['ratelimit', rateLimitMs],
    ['queue', queueMs],
    ['upstream', upstream?.serviceMs ?? 0],
    ['total', performance.now() - startedAt],
  ] as const;
  const shown = times.filter(([, ms]) => ms > 0).map(([name, ms]) => `${name};dur=${ms.toFixed(3)}`);
  void reply.header('server-timing', shown.join(', '));
}

/**
 * Writes the rate limit headers (draft-ietf-httpapi-ratelimit-headers-11) of every response to which a limit applies.
 * X-RateLimit-Scope says where requests are counted: `global` for all instances, `local` for this one.
 * @param retryAfterSeconds value of Retry-After; a bucket that denied reports no earlier reset.
 */
export function writeRateLimit(reply: FastifyReply, { store, buckets }: RateLimitVerdict, retryAfterSeconds = 0): void {
  let policies = '';
  let states = '';
  for (const { scope, policy, remaining, refillMs, waitMs } of buckets) {
    const separator = policies === '' ? '' : ', ';
    policies += separator + policy;
    const full = Math.max(Math.ceil(refillMs / 1000), waitMs > 0 ? retryAfterSeconds : 0);
    states += `${separator}"${scope}";r=${remaining};t=${full}`;
  }
  void reply.header('ratelimit-policy', policies).header('ratelimit', states).header('x-ratelimit-scope', store);
}
