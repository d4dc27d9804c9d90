import { traceIdOf, type TraceContext } from '../domain/trace-context.js';

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
