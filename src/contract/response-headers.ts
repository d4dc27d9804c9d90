/** Characters of a header name in HTTP/2 and gRPC (RFC 9113 8.2.1). */
const NAME = /^[a-z0-9][a-z0-9_.-]*$/;

/** Reasons for which a backend must not set a header, by name. */
const REFUSED: readonly (readonly [names: RegExp, reason: string])[] = [
  [/^(?:set-cookie2?|cookie2?)$/, "cookies of clients are the gateway's alone"],
  [
    /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings)$/,
    'it belongs to one connection (RFC 9110 7.6.1)',
  ],
  [
    /^(?:content-(?:length|encoding|type|range)|accept-ranges|date|age|vary|allow|server|via|expect|host)$/,
    'the gateway frames and describes its responses itself',
  ],
  [
    /^(?:cache-control|pragma|expires|etag|clear-site-data)$/,
    'the policy decides about caches: see `cache` and `etag`',
  ],
  [
    /^(?:strict-transport-security|content-security-policy.*|x-(?:content-type-options|frame-options|xss-protection)|referrer-policy|permissions-policy|cross-origin-.*|access-control-.*|timing-allow-origin|origin-agent-cluster|service-worker-allowed|refresh|alt-svc|nel|report-to|reporting-endpoints)$/,
    'it decides what browsers allow',
  ],
  [/^(?:www-authenticate|authorization|authentication-info|x-api-key|x-csrf.*)$/, 'it is about credentials'],
  [
    /^(?:x-request-id|x-correlation-id|x-trace-id|traceparent|tracestate|server-timing|x-gateway-.*|retry-after|ratelimit.*|x-ratelimit-.*|idempotency-.*|deprecation|sunset|x-accel-.*)$/,
    'the gateway sets it itself',
  ],
  [/^grpc-/, 'it belongs to gRPC'],
  [/-bin$/, 'its value is not text'],
];

/** Returns why a policy must not pass a header of the backend; undefined when it may. */
export function headerMistake(name: string): string | undefined {
  if (!NAME.test(name)) return `response_headers "${name}" is not a header name in lower case`;
  const reason = REFUSED.find(([names]) => names.test(name))?.[1];
  return reason && `response_headers "${name}" may not be a backend's: ${reason}`;
}
