import { hash } from 'node:crypto';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { CallContext } from '../domain/call-context.js';
import type { GatewayError } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import { type BucketState, tightestBucket } from '../domain/rate-limit.js';
import { statusClass, type HttpFacts } from './http-facts.js';
import { isSampled, spanIdOf, traceIdOf } from '../domain/trace-context.js';

/** What the fields of a line are read from. */
export interface FieldSource {
  readonly call: CallContext;
  readonly http: HttpFacts;
  readonly authMs: number;
  readonly options: AccessLogOptions;
}

/** What settings say about the line. */
export type AccessLogOptions = Pick<GatewayConfig['log'], 'hashIdentity' | 'slowAuthMs'>;

/**
 * `foreign` marks text that came from outside, which may hold characters that JSON must escape; `json` one that is JSON
 * already.
 */
type Field = readonly [
  name: string,
  read: (source: FieldSource) => string | number | boolean,
  origin?: 'foreign' | 'json',
];

const MAX_TEXT = 512;
const HASH_LENGTH = 16;

/** Every field of the line, on every line, in this order; empty, 0 or false where it does not apply (row 002-10). */
export const ACCESS_FIELDS: readonly Field[] = [
  ['logType', ({ call }) => logType(call)],
  ['logger', () => 'AUTH_DECISION'],
  ['request_id', ({ call }) => call.requestId],
  ['trace_id', ({ call }) => traceIdOf(call.trace)],
  ['span_id', ({ call }) => spanIdOf(call.trace)],
  ['trace_sampled', ({ call }) => call.spans?.isKept ?? isSampled(call.trace)],
  ['time_local', () => new Date().toISOString()],
  ['remote_addr', ({ http }) => http.remoteAddress],
  ['request_method', ({ http }) => http.method, 'foreign'],
  ['method', ({ http }) => http.method, 'foreign'],
  ['request_uri', ({ http }) => withoutValues(http.path, http.query), 'foreign'],
  ['uri', ({ http }) => http.path, 'foreign'],
  ['request_path', ({ http }) => http.path, 'foreign'],
  ['route', ({ call }) => call.routeLabel, 'foreign'],
  ['slug', ({ call }) => call.method?.upstream ?? ''],
  ['product', ({ call }) => call.method?.upstream ?? 'gateway'],
  ['microservice', ({ call }) => call.method?.path ?? ''],
  ['status', ({ http }) => http.status],
  ['status_class', ({ http }) => statusClass(http.status)],
  ['request_time_ms', ({ http }) => round(http.durationMs)],
  ['duration_ms', ({ http }) => round(http.durationMs)],
  ['ttfb_ms', ({ http }) => round(http.ttfbMs)],
  ['service_request_time_ms', ({ call }) => round(call.upstream?.serviceMs ?? 0)],
  ['service_connect_time', ({ call }) => round(call.upstream?.connectMs ?? 0)],
  ['auth_request_time_ms', ({ authMs }) => round(authMs)],
  ['auth_connect_time', ({ call }) => round(call.authWait?.connectMs ?? 0)],
  ['authn_ms', ({ call }) => round(call.authnMs)],
  ['authz_ms', ({ call }) => round(call.authzMs)],
  ['body_bytes_sent', ({ http }) => http.bytesOut],
  ['bytes_in', ({ http }) => http.bytesIn],
  ['http_referer', ({ http }) => cut(withoutQuery(http.referer)), 'foreign'],
  ['http_user_agent', ({ http }) => cut(http.userAgent), 'foreign'],
  ['http_x_forwarded_for', ({ http }) => cut(http.forwardedFor), 'foreign'],
  ['http_host', ({ http }) => cut(http.host), 'foreign'],
  ['http_version', ({ http }) => http.httpVersion],
  ['tenant_id', ({ call }) => call.tenantId, 'foreign'],
  ['tenant_namespace', ({ call }) => call.tenantId, 'foreign'],
  ['identity_id', ({ call, options }) => identityOf(call.principal, options.hashIdentity), 'foreign'],
  ['identity_type', ({ call }) => call.principal?.identityType ?? ''],
  ['roles', ({ call }) => listsOf(call.principal).roles, 'json'],
  ['auth_method', ({ call }) => call.principal?.authMethod ?? 'none'],
  ['endpoint_type', ({ call }) => call.policy?.access ?? ''],
  ['decision_reason', ({ call }) => call.decisionReason ?? ''],
  ['outcome', ({ call }) => call.outcome],
  ['granted_access_levels', ({ call }) => listsOf(call.principal).grants, 'json'],
  ['auth_error_code', ({ call }) => authError(call)?.code ?? ''],
  ['auth_error_message', ({ call }) => authError(call)?.detail ?? '', 'foreign'],
  ['jwt_cache_hit', ({ call }) => call.jwtCacheHit],
  ['auth_cache_stale', ({ call }) => call.authCacheStale],
  ['bitmap_authz_used', ({ call }) => call.bitmapAuthzUsed],
  ['token_revoked', ({ call }) => call.decisionReason === 'TOKEN_REVOKED'],
  ['slow', ({ authMs, options }) => authMs > options.slowAuthMs],
  ['upstream', ({ call }) => call.upstream?.upstream ?? ''],
  ['rpc_method', ({ call }) => call.upstream?.rpc ?? ''],
  ['grpc_code', ({ call }) => call.upstream?.grpcCode ?? ''],
  ['attempts', ({ call }) => call.upstream?.attempts ?? 0],
  ['retries', ({ call }) => Math.max((call.upstream?.attempts ?? 0) - 1, 0)],
  ['breaker_state', ({ call }) => call.breakerState],
  ['queue_ms', ({ call }) => round(call.queueMs)],
  ['fallback_used', ({ call }) => call.fallback !== ''],
  ['response_cache', ({ call }) => call.responseCache],
  ['guardrail_phase', ({ call }) => call.guardrail?.phase ?? ''],
  ['guardrail_decision', ({ call }) => call.guardrail?.decision ?? ''],
  ['guardrail_reason', ({ call }) => call.guardrail?.reason ?? ''],
  ['guardrail_ms', ({ call }) => round(call.guardrail?.ms ?? 0)],
  ['deadline_ms', ({ call }) => round(call.upstream?.deadlineMs ?? 0)],
  ['ratelimit_scope', ({ call }) => bucketOf(call)?.scope ?? ''],
  ['ratelimit_limit', ({ call }) => bucketOf(call)?.capacity ?? 0],
  ['ratelimit_remaining', ({ call }) => bucketOf(call)?.remaining ?? 0],
  ['ratelimit_outcome', ({ call }) => call.rateLimit?.outcome ?? ''],
  ['ratelimit_ms', ({ call }) => round(call.rateLimitMs)],
  ['error_code', ({ call }) => call.error?.code ?? ''],
  ['error_class', ({ call }) => call.error?.domain ?? ''],
  ['error_cause', ({ call }) => causeText(call.error), 'foreign'],
  ['aborted', ({ http }) => http.aborted],
  ['draining', ({ http }) => http.draining],
];

/** Failures that an operator greps for stand apart by their type (row 002-8). */
function logType({ error }: CallContext): 'ACCESS' | 'AUTH_UNAVAILABLE' | 'UPSTREAM_UNAVAILABLE' {
  if (error?.code === 'AUTH_UNAVAILABLE') return 'AUTH_UNAVAILABLE';
  return error?.status === 503 && error.domain === 'upstream' ? 'UPSTREAM_UNAVAILABLE' : 'ACCESS';
}

function authError({ error }: CallContext): GatewayError | undefined {
  return error?.decisionReason === undefined ? undefined : error;
}

/** The limit that the caller is nearest to. */
function bucketOf({ rateLimit }: CallContext): BucketState | undefined {
  return rateLimit && tightestBucket(rateLimit);
}

/** What the line says of a principal, as JSON: made at its first request, for all that follow. */
interface PrincipalTexts {
  readonly roles: string;
  readonly grants: string;
  readonly hash: string;
}

const NOBODY: PrincipalTexts = { roles: '[]', grants: '[]', hash: '' };
const texts = new WeakMap<Principal, PrincipalTexts>();

function listsOf(principal: Principal | undefined): PrincipalTexts {
  if (principal === undefined) return NOBODY;
  let known = texts.get(principal);
  if (known === undefined) texts.set(principal, (known = describe(principal)));
  return known;
}

function describe({ roles, permissions = [], subject }: Principal): PrincipalTexts {
  const digest = hash('sha256', subject, 'hex').slice(0, HASH_LENGTH);
  return { roles: JSON.stringify(roles), grants: JSON.stringify(permissions), hash: subject === '' ? '' : digest };
}

function identityOf(principal: Principal | undefined, isHashed: boolean): string {
  return isHashed ? listsOf(principal).hash : (principal?.subject ?? '');
}

/** Names of query parameters without their values: a value may be a code, a state or a token. */
function withoutValues(path: string, query: string): string {
  if (query === '') return path;
  const names = query.split('&', 20).map((pair) => `${pair.split('=', 1)[0]}=`);
  return cut(`${path}?${names.join('&')}`);
}

/** Whatever was given as a cause: an Error, or a record with a message. */
interface CauseLike {
  readonly message?: unknown;
  readonly cause?: CauseLike;
}

/** An address without its query: another site may have sent a browser here with a code or a token in it. */
function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

/**
 * Returns why a request failed, for the log alone: the messages of the causes down to the first one. A refusal of the
 * gateway's own has no cause, and its phrase stands there: "circuit breaker is open", "rate limit exceeded".
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

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
