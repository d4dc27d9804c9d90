import { traceIdOf, type TraceContext } from '../domain/trace-context.js';

/** The gateway serves JSON: nothing of it may be framed, sniffed, cached or run. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
});

/** Returns the headers of every answer on every port, also of one to bytes that are not a request. @param trace none where nothing is traced. */
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
