import type { Route } from '../route.js';
import type { Json, JsonObject } from './json.js';

/** Headers that requests may have, as components. */
export const HEADER_PARAMETERS: JsonObject = {
  RequestTimeout: {
    name: 'X-Request-Timeout',
    in: 'header',
    description:
      'How long the client waits: seconds, or a number and one of `ms`, `s`, `m`, `h`. The call is given up then.',
    schema: { type: 'string', pattern: String.raw`^[1-9][0-9]{0,7}(?:\.[0-9]{1,3})?(?:ms|s|m|h)?$` },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Any value of the client’s: a request that is sent again with it is done once, and answered as the first.',
    schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'Tags of answers that the client has: 304 if nothing has changed.',
    schema: { type: 'string' },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'The tag of what the client has seen: 412 if it has been changed since.',
    schema: { type: 'string' },
    example: '"abc"',
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'The `id` of the last event that the client has, to go on after it: 410 if that is no longer kept.',
    schema: { type: 'string' },
  },
};

/** Headers that responses may have, as components. */
export const RESPONSE_HEADERS: JsonObject = {
  RequestId: text('Name it when asking for help.'),
  RateLimit: text(
    'What is left, and until when (draft-ietf-httpapi-ratelimit-headers). Absent where no limit applies.',
  ),
  RateLimitPolicy: text('The limits that apply.'),
  RetryAfter: { description: 'Seconds to wait before another attempt.', schema: { type: 'integer', minimum: 0 } },
  WwwAuthenticate: text('How to authenticate (RFC 6750).'),
  ETag: text('Tag of this answer, for `If-None-Match` and `If-Match`.'),
  Deprecation: text('Since when something else should be used (RFC 9745).'),
  Sunset: text('When the operation will stop working (RFC 8594).'),
};

const COMMON = { 'X-Request-Id': 'RequestId', RateLimit: 'RateLimit', 'RateLimit-Policy': 'RateLimitPolicy' } as const;
const RETRIABLE = new Set([429, 503]);

/** Returns the headers of every response, with others by the name of their component. */
export function commonHeaders(others: Readonly<Record<string, string>> = {}): JsonObject {
  const names = Object.entries({ ...COMMON, ...others });
  return Object.fromEntries(names.map(([name, component]) => [name, { $ref: `#/components/headers/${component}` }]));
}

/** Returns the headers of a problem of some status. */
export function problemHeaders(status: number): JsonObject {
  return commonHeaders({
    ...(RETRIABLE.has(status) ? { 'Retry-After': 'RetryAfter' } : {}),
    ...(status === 401 ? { 'WWW-Authenticate': 'WwwAuthenticate' } : {}),
  });
}

/** Returns references to the headers that requests on a route may have. */
export function headerParameters({ verb, method: { policy, kind } }: Route): Json[] {
  const isUnary = kind === 'unary';
  const isRead = verb === 'GET' || verb === 'HEAD';
  const names = [
    'RequestTimeout',
    ...(isUnary && !isRead && policy.access !== 'OPEN' ? ['IdempotencyKey'] : []),
    ...(isRead && hasTag(policy) ? ['IfNoneMatch'] : []),
    ...(policy.etag?.requestField === undefined ? [] : ['IfMatch']),
    ...(policy.stream.resume === undefined ? [] : ['LastEventId']),
  ];
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

/** Returns whether responses of a route have an entity tag: cached ones, and those whose backend sets one. */
export function hasTag({ cache, etag }: Route['method']['policy']): boolean {
  return cache !== undefined || etag?.responseField !== undefined;
}

function text(description: string): JsonObject {
  return { description, schema: { type: 'string' } };
}
