import type { CallContext } from '../domain/call-context.js';
import type { Access } from '../domain/policy.js';

/** What the HTTP side knows of a request when it is over. Texts come from the client and are cut to a length. */
export interface HttpFacts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly httpVersion: string;
  readonly status: number;
  readonly remoteAddress: string;
  readonly forwardedFor: string;
  readonly host: string;
  readonly userAgent: string;
  readonly referer: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  readonly aborted: boolean;
  readonly draining: boolean;
}

const MAX_TEXT = 512;
const SLOW_AUTH_MS = 10;

/** Both lines of document 002, joined: every field on every line, empty where it does not apply (rows 002-1 to 002-10). */
export function accessLine(call: CallContext, http: HttpFacts): Record<string, unknown> {
  const { principal, error, upstream } = call;
  const authMs = round(call.authnMs + call.authzMs);
  const serviceMs = round(upstream?.serviceMs ?? 0);
  const denied = error?.decisionReason !== undefined;
  return {
    logType: logType(call),
    logger: 'AUTH_DECISION',
    request_id: call.requestId,
    trace_id: call.traceparent.slice(3, 35),
    span_id: call.traceparent.slice(36, 52),
    trace_sampled: call.traceparent.endsWith('1'),
    time_local: new Date().toISOString(),
    remote_addr: http.remoteAddress,
    request_method: http.method,
    method: http.method,
    request_uri: withoutValues(http.path, http.query),
    uri: http.path,
    request_path: http.path,
    route: call.routeLabel,
    slug: call.method?.upstream ?? '',
    product: call.method?.upstream ?? 'gateway',
    microservice: call.method?.path.slice(1) ?? '',
    status: http.status,
    status_class: statusClass(http.status),
    request_time_ms: round(http.durationMs),
    duration_ms: round(http.durationMs),
    service_request_time_ms: serviceMs,
    service_connect_time: 0,
    auth_request_time_ms: authMs,
    auth_connect_time: 0,
    authn_ms: round(call.authnMs),
    authz_ms: round(call.authzMs),
    body_bytes_sent: http.bytesOut,
    bytes_in: http.bytesIn,
    http_referer: cut(http.referer),
    http_user_agent: cut(http.userAgent),
    http_x_forwarded_for: cut(http.forwardedFor),
    http_host: cut(http.host),
    http_version: http.httpVersion,
    tenant_id: call.tenantId,
    tenant_namespace: call.tenantId,
    identity_id: principal?.subject ?? '',
    identity_type: principal?.identityType ?? '',
    auth_method: principal?.authMethod ?? 'none',
    endpoint_type: endpointType(call.policy?.access),
    decision_reason: call.decisionReason ?? '',
    outcome: call.outcome,
    granted_access_levels: principal?.permissions.join(' ') ?? '',
    auth_error_code: denied ? error.code : '',
    auth_error_message: denied ? error.detail : '',
    jwt_cache_hit: call.jwtCacheHit,
    bitmap_authz_used: false,
    token_revoked: call.decisionReason === 'TOKEN_REVOKED',
    slow: authMs > SLOW_AUTH_MS,
    upstream: upstream?.upstream ?? '',
    rpc_method: upstream?.rpc ?? '',
    grpc_code: upstream?.grpcCode ?? '',
    attempts: upstream?.attempts ?? 0,
    deadline_ms: round(upstream?.deadlineMs ?? 0),
    error_code: error?.code ?? '',
    error_class: error?.domain ?? '',
    error_cause: causeText(error),
    aborted: http.aborted,
    draining: http.draining,
  };
}

type LogType = 'ACCESS' | 'AUTH_UNAVAILABLE' | 'UPSTREAM_UNAVAILABLE';

function logType({ error }: CallContext): LogType {
  if (error?.code === 'AUTH_UNAVAILABLE') return 'AUTH_UNAVAILABLE';
  return error?.status === 503 && error.domain === 'upstream' ? 'UPSTREAM_UNAVAILABLE' : 'ACCESS';
}

export function statusClass(status: number): string {
  return `${Math.floor(status / 100)}xx`;
}

function endpointType(access: Access | undefined): string {
  return access ?? '';
}

/** Names of query parameters without their values: a value may be a code, a state or a token. */
function withoutValues(path: string, query: string): string {
  if (query === '') return path;
  const names = query.split('&', 20).map((pair) => `${pair.split('=', 1)[0]}=`);
  return cut(`${path}?${names.join('&')}`);
}

/** Why an error came about, for the log alone: messages from the error down to its first cause. */
function causeText(error: unknown): string {
  const texts: string[] = [];
  for (let at = (error as Error | undefined)?.cause; at instanceof Error && texts.length < 4; at = at.cause)
    texts.push(at.message);
  return cut(texts.join(': '));
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
