import { type Attributes, SpanKind } from '@opentelemetry/api';
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';
import type { CallContext } from '../../domain/call-context.js';
import { type SpanRecord, STEP_NAMES } from '../../domain/span-record.js';
import { spanIdOf } from '../../domain/trace-context.js';
import type { HttpFacts } from '../http-facts.js';
import type { SpanMoment, SpanParts } from './span-maker.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'QUERY']);
const UNMATCHED = '_unmatched';
const MAX_TEXT = 256;

/** Returns the span of the whole request: `GET /api/v1/users/{user_id}`. */
export function serverSpan(record: SpanRecord, call: CallContext, http: HttpFacts): SpanParts {
  const method = METHODS.has(http.method) ? http.method : 'HTTP';
  return {
    name: call.routeLabel === UNMATCHED ? method : `${method} ${call.routeLabel}`,
    kind: SpanKind.SERVER,
    spanId: spanIdOf(record.trace),
    parentSpanId: record.trace.parentSpanId ?? '',
    from: call.startedAt,
    to: call.startedAt + http.durationMs,
    attributes: { ...httpAttributes(call, http), ...decisionAttributes(call) },
    error: call.error !== undefined && call.error.status >= 500 ? call.error.code : undefined,
    events: eventsOf(record, call),
  };
}

/** Returns the attributes of the semantic conventions. The query is left out: its values may be codes or tokens. */
function httpAttributes({ routeLabel, error }: CallContext, http: HttpFacts): Attributes {
  const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(http.host) ?? [];
  return {
    [ATTR_HTTP_REQUEST_METHOD]: METHODS.has(http.method) ? http.method : '_OTHER',
    ...given(ATTR_HTTP_ROUTE, routeLabel === UNMATCHED ? '' : routeLabel),
    [ATTR_HTTP_RESPONSE_STATUS_CODE]: http.status,
    [ATTR_URL_SCHEME]: 'http',
    [ATTR_URL_PATH]: cut(http.path),
    ...given(ATTR_SERVER_ADDRESS, host),
    ...(port === undefined ? {} : { [ATTR_SERVER_PORT]: Number(port) }),
    ...given(ATTR_CLIENT_ADDRESS, http.remoteAddress),
    ...given(ATTR_NETWORK_PROTOCOL_VERSION, http.httpVersion),
    ...given(ATTR_USER_AGENT_ORIGINAL, http.userAgent),
    ...(error !== undefined && error.status >= 500 ? { [ATTR_ERROR_TYPE]: error.code } : {}),
  };
}

/** Returns the decisions about the request, always all four, and other facts about it. */
function decisionAttributes(call: CallContext): Attributes {
  return {
    'auth.tenant_id': call.tenantId,
    'auth.endpoint_type': call.policy?.access ?? '',
    'auth.outcome': call.outcome,
    'auth.decision_reason': call.decisionReason ?? '',
    'gateway.request_id': call.requestId,
    ...given('gateway.error_code', call.error?.code ?? ''),
    ...given('gateway.rate_limit.outcome', call.rateLimit?.outcome ?? ''),
    ...given('gateway.circuit_breaker.state', call.breakerState),
    ...given('gateway.response_cache', call.responseCache),
    ...given('gateway.fallback', call.fallback),
  };
}

/**
 * Returns events for look-ups in memory: the route in the table, the verified token, the permissions in the bit sets
 * of the contract.
 */
function eventsOf(record: SpanRecord, call: CallContext): readonly SpanMoment[] {
  const during = (step: string) => record.moments[STEP_NAMES.indexOf(step)] || call.startedAt;
  return [
    ...(call.routeLabel === UNMATCHED ? [] : [{ name: 'route.cache.hit', at: call.startedAt }]),
    ...(call.jwtCacheHit ? [{ name: 'jwt.cache.hit', at: during('authentication') }] : []),
    ...(call.bitmapAuthzUsed && call.outcome === 'allow'
      ? [{ name: 'bitmap.match', at: during('authorization') }]
      : []),
  ];
}

function given(name: string, value: string): Attributes {
  return value === '' ? {} : { [name]: cut(value) };
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
}
