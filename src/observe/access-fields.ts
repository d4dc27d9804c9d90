import { hash } from 'node:crypto';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { CallContext } from '../domain/call-context.js';
import type { GatewayError } from '../domain/errors.js';
import type { BucketState } from '../domain/rate-limit.js';
import { isSampled, spanIdOf, traceIdOf } from '../domain/trace-context.js';
import { statusClass, type HttpFacts } from './http-facts.js';

/** Source of the fields of a line. */
export interface FieldSource {
  readonly call: CallContext;
  readonly http: HttpFacts;
  readonly authMs: number;
  /** The rate limit that the caller is nearest to; undefined where none applies. */
  readonly bucket: BucketState | undefined;
  /** Unix ms at the end of the request. */
  readonly at: number;
  readonly options: AccessLogOptions;
}

/** Settings of the log line. */
export type AccessLogOptions = Pick<GatewayConfig['log'], 'hashIdentity' | 'slowAuthMs'>;

/** A value that can be written as JSON. */
export type FieldValue = string | number | boolean | readonly string[];

/**
 * How a field changes from one line to the next:
 * - `steady`: mostly the same as in the last line of the same route
 * - `principal`: depends on the principal only
 * - `text`, `number`, `ms`: different for each request; a text that needs no escaping, a number, ms to the
 * microsecond
 * - `foreign`: a text from outside, different for each request, which may need escaping
 */
export type FieldKind = 'steady' | 'principal' | 'text' | 'foreign' | 'number' | 'ms';

export type AccessField = readonly [name: string, read: (source: FieldSource) => FieldValue, kind: FieldKind];

const MAX_TEXT = 512;
const HASH_LENGTH = 16;

/** All fields of the line, on every line, in this order; empty, 0 or false where they do not apply. */
export const ACCESS_FIELDS: readonly AccessField[] = [
  ['logType', ({ call }) => logType(call), 'steady'],
  ['logger', () => 'AUTH_DECISION', 'steady'],
  ['request_id', ({ call }) => call.requestId, 'text'],
  ['trace_id', ({ call }) => traceIdOf(call.trace), 'text'],
  ['span_id', ({ call }) => spanIdOf(call.trace), 'text'],
  ['trace_sampled', ({ call }) => call.spans?.isKept ?? isSampled(call.trace), 'steady'],
  ['time_local', ({ at }) => isoText(at), 'text'],
  ['remote_addr', ({ http }) => http.remoteAddress, 'text'],
  ['request_method', ({ http }) => http.method, 'steady'],
  ['method', ({ http }) => http.method, 'steady'],
  ['request_uri', ({ http }) => withoutValues(http.path, http.query), 'foreign'],
  ['uri', ({ http }) => http.path, 'foreign'],
  ['request_path', ({ http }) => http.path, 'foreign'],
  ['route', ({ call }) => call.routeLabel, 'steady'],
  ['slug', ({ call }) => call.method?.upstream ?? '', 'steady'],
  ['product', ({ call }) => call.method?.upstream ?? 'gateway', 'steady'],
  ['microservice', ({ call }) => call.method?.path ?? '', 'steady'],
  ['status', ({ http }) => http.status, 'steady'],
  ['status_class', ({ http }) => statusClass(http.status), 'steady'],
  ['request_time_ms', ({ http }) => http.durationMs, 'ms'],
  ['duration_ms', ({ http }) => http.durationMs, 'ms'],
  ['ttfb_ms', ({ http }) => http.ttfbMs, 'ms'],
  ['service_request_time_ms', ({ call }) => call.upstream?.serviceMs ?? 0, 'ms'],
  ['service_connect_time', ({ call }) => call.upstream?.connectMs ?? 0, 'ms'],
  ['auth_request_time_ms', ({ authMs }) => authMs, 'ms'],
  ['auth_connect_time', ({ call }) => call.authWait?.connectMs ?? 0, 'ms'],
  ['authn_ms', ({ call }) => call.authnMs, 'ms'],
  ['authz_ms', ({ call }) => call.authzMs, 'ms'],
  ['body_bytes_sent', ({ http }) => http.bytesOut, 'number'],
  ['bytes_in', ({ http }) => http.bytesIn, 'number'],
  ['http_referer', ({ http }) => cut(withoutQuery(http.referer)), 'foreign'],
  ['http_user_agent', ({ http }) => cut(http.userAgent), 'foreign'],
  ['http_x_forwarded_for', ({ http }) => cut(http.forwardedFor), 'foreign'],
  ['http_host', ({ http }) => cut(http.host), 'steady'],
  ['http_version', ({ http }) => http.httpVersion, 'steady'],
  ['tenant_id', ({ call }) => call.tenantId, 'principal'],
  ['tenant_namespace', ({ call }) => call.tenantId, 'principal'],
  ['identity_id', ({ call, options }) => identityOf(call, options.hashIdentity), 'principal'],
  ['identity_type', ({ call }) => call.principal?.identityType ?? '', 'principal'],
  ['roles', ({ call }) => call.principal?.roles ?? [], 'principal'],
  ['auth_method', ({ call }) => call.principal?.authMethod ?? 'none', 'principal'],
  ['endpoint_type', ({ call }) => call.policy?.access ?? '', 'steady'],
  ['decision_reason', ({ call }) => call.decisionReason ?? '', 'steady'],
  ['outcome', ({ call }) => call.outcome, 'steady'],
  ['granted_access_levels', ({ call }) => call.principal?.permissions ?? [], 'principal'],
  ['auth_error_code', ({ call }) => authError(call)?.code ?? '', 'steady'],
  ['auth_error_message', ({ call }) => authError(call)?.detail ?? '', 'steady'],
  ['jwt_cache_hit', ({ call }) => call.jwtCacheHit, 'steady'],
  ['auth_cache_stale', ({ call }) => call.authCacheStale, 'steady'],
  ['bitmap_authz_used', ({ call }) => call.bitmapAuthzUsed, 'steady'],
  ['token_revoked', ({ call }) => call.decisionReason === 'TOKEN_REVOKED', 'steady'],
  ['slow', ({ authMs, options }) => authMs > options.slowAuthMs, 'steady'],
  ['upstream', ({ call }) => call.upstream?.upstream ?? '', 'steady'],
  ['rpc_method', ({ call }) => call.upstream?.rpc ?? '', 'steady'],
  ['grpc_code', ({ call }) => call.upstream?.grpcCode ?? '', 'steady'],
  ['attempts', ({ call }) => call.upstream?.attempts ?? 0, 'steady'],
  ['retries', ({ call }) => Math.max((call.upstream?.attempts ?? 0) - 1, 0), 'steady'],
  ['breaker_state', ({ call }) => call.breakerState, 'steady'],
  ['queue_ms', ({ call }) => call.queueMs, 'ms'],
  ['fallback_used', ({ call }) => call.fallback !== '', 'steady'],
  ['response_cache', ({ call }) => call.responseCache, 'steady'],
  ['guardrail_phase', ({ call }) => call.guardrail?.phase ?? '', 'steady'],
  ['guardrail_decision', ({ call }) => call.guardrail?.decision ?? '', 'steady'],
  ['guardrail_reason', ({ call }) => call.guardrail?.reason ?? '', 'steady'],
  ['guardrail_ms', ({ call }) => toMicroseconds(call.guardrail?.ms ?? 0), 'steady'],
  ['deadline_ms', ({ call }) => call.upstream?.deadlineMs ?? 0, 'ms'],
  ['ratelimit_scope', ({ bucket }) => bucket?.scope ?? '', 'steady'],
  ['ratelimit_limit', ({ bucket }) => bucket?.capacity ?? 0, 'steady'],
  ['ratelimit_remaining', ({ bucket }) => bucket?.remaining ?? 0, 'number'],
  ['ratelimit_outcome', ({ call }) => call.rateLimit?.outcome ?? '', 'steady'],
  ['ratelimit_ms', ({ call }) => call.rateLimitMs, 'ms'],
  ['error_code', ({ call }) => call.error?.code ?? '', 'steady'],
  ['error_class', ({ call }) => call.error?.domain ?? '', 'steady'],
  ['error_cause', ({ call }) => causeText(call.error), 'steady'],
  ['aborted', ({ http }) => http.aborted, 'steady'],
  ['draining', ({ http }) => http.draining, 'steady'],
];

/** Returns the type of a line; failures that operators search for have their own. */
function logType({ error }: CallContext): 'ACCESS' | 'AUTH_UNAVAILABLE' | 'UPSTREAM_UNAVAILABLE' {
  if (error?.code === 'AUTH_UNAVAILABLE') return 'AUTH_UNAVAILABLE';
  return error?.status === 503 && error.domain === 'upstream' ? 'UPSTREAM_UNAVAILABLE' : 'ACCESS';
}

function authError({ error }: CallContext): GatewayError | undefined {
  return error?.decisionReason === undefined ? undefined : error;
}

function identityOf({ principal }: CallContext, isHashed: boolean): string {
  if (principal === undefined || principal.subject === '') return '';
  return isHashed ? hash('sha256', principal.subject, 'hex').slice(0, HASH_LENGTH) : principal.subject;
}

/**
 * Returns a path with the names of its query parameters but not their values, which may be codes, states or tokens.
 */
function withoutValues(path: string, query: string): string {
  if (query === '') return path;
  const names = query.split('&', 20).map((pair) => `${pair.split('=', 1)[0]}=`);
  return cut(`${path}?${names.join('&')}`);
}

/** A cause of an error: an Error, or a record with a message. */
interface CauseLike {
  readonly message?: unknown;
  readonly cause?: CauseLike;
}

/** Removes the query from an address: another site may have sent a browser here with a code or a token in it. */
function withoutQuery(url: string): string {
  const queryAt = url.indexOf('?');
  return queryAt === -1 ? url : url.slice(0, queryAt);
}

/**
 * Returns why a request failed, for the log alone: the messages of the causes down to the first one. A refusal by the
 * gateway has no cause and is described by its phrase: "circuit breaker is open", "rate limit exceeded".
 */
export function causeText(error: GatewayError | undefined): string {
  if (error === undefined) return '';
  if (error.cause === undefined) return cut(error.detail);
  const texts: string[] = [];
  for (let at = error.cause as CauseLike | undefined; at != null && texts.length < 4; at = at.cause) {
    if (typeof at.message === 'string') texts.push(at.message);
  }
  return cut(texts.join(': '));
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
}

/** Rounds ms to the microsecond. */
export function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

let lastAt = 0;
let lastText = '1970-01-01T00:00:00.000Z';

/** Returns a moment, in Unix ms, in ISO 8601. Caches the text of the last millisecond. */
export function isoText(at: number): string {
  if (at !== lastAt) {
    lastAt = at;
    lastText = new Date(at).toISOString();
  }
  return lastText;
}
