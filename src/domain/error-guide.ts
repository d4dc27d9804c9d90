import type { FailureDomain, GatewayErrorCode } from './errors.js';

interface ErrorAdvice {
  /** Describes what happened. */
  readonly meaning: string;
  /** Describes what the client can do. */
  readonly action: string;
}

/** Describes who or what is at fault. */
export const FAILURE_DOMAIN_GUIDE: Readonly<Record<FailureDomain, string>> = {
  client: 'the request',
  auth: 'the credential or its rights',
  upstream: 'a service behind the gateway',
  overload: 'too much at once',
  gateway: 'the gateway itself',
};

/** Explanation of each code for people: the text of docs/errors.md, which the `type` of every problem links to. */
export const ERROR_GUIDE: Readonly<Record<GatewayErrorCode, ErrorAdvice>> = {
  INVALID_ARGUMENT: {
    meaning: 'A value in the path, the query or the body does not fit its field, or the service refused it.',
    action: 'Mend what `errors[]` names: each entry has the JSON path of the field and the reason.',
  },
  MALFORMED_JSON: {
    meaning: 'The body is not JSON, has a key twice, or is nested deeper or has more keys than the gateway takes.',
    action:
      'Send one well-formed JSON document within the limits of `GATEWAY_JSON_MAX_DEPTH` and `GATEWAY_JSON_MAX_KEYS`.',
  },
  UNKNOWN_FIELD: {
    meaning: 'The body or the query names a field that the request does not have.',
    action: 'Check the spelling against `/openapi.json`; remove what is not there.',
  },
  MALFORMED_REQUEST: {
    meaning: 'The request is not well-formed HTTP: its framing, its length or the encoding of its path is wrong.',
    action: 'Mend the client or the proxy that sends it. The connection may have been closed.',
  },
  OUT_OF_RANGE: {
    meaning: 'The request asks for something past the end, such as a page that does not exist.',
    action: 'Start again from the first page.',
  },
  FAILED_PRECONDITION: {
    meaning: 'The state of the resource does not allow this now.',
    action: 'Read `detail`, bring the resource into the state it asks for, then repeat.',
  },
  UNAUTHENTICATED: {
    meaning: 'There is no credential, or it is not valid (any more).',
    action: 'Sign in or refresh the token, and send it as `Authorization: Bearer …`.',
  },
  CSRF_FAILED: {
    meaning: 'A request with a session cookie does not prove that it comes from the same site.',
    action: 'Send `X-CSRF: 1` from a page of the same origin.',
  },
  PERMISSION_DENIED: {
    meaning: 'The credential is valid, but does not carry the permission that this route needs.',
    action: 'Ask an administrator of the tenant. `gateway explain <VERB> <path>` shows what the route needs.',
  },
  TENANT_MISMATCH: {
    meaning: "The request names a tenant other than the caller's own.",
    action: 'Leave the tenant out: the gateway fills it in from the credential.',
  },
  TENANT_SUSPENDED: {
    meaning: "The caller's tenant is suspended.",
    action: 'Ask whoever runs the account of the tenant.',
  },
  ROUTE_NOT_FOUND: {
    meaning: 'No route has this path.',
    action:
      'Check the path against `/openapi.json`. A route also is absent while the address of its upstream is not set.',
  },
  NOT_FOUND: {
    meaning: 'The route exists; the resource does not, or the caller may not know of it.',
    action: 'Check the identifier.',
  },
  METHOD_NOT_ALLOWED: {
    meaning: 'The path exists for other methods.',
    action: 'Use one of those in the `Allow` header.',
  },
  NOT_ACCEPTABLE: {
    meaning: 'The `Accept` header allows none of the types that this route answers with.',
    action:
      'Accept `application/json`, for streams `text/event-stream` or `application/x-ndjson` too, and for files their own media type. A range with `q=0` refuses (RFC 9110 12.5.1).',
  },
  REQUEST_TIMEOUT: {
    meaning: 'The request did not arrive whole in time.',
    action: 'Send it again. Operators: `GATEWAY_HEADERS_TIMEOUT`, `GATEWAY_RECEIVE_TIMEOUT`.',
  },
  ALREADY_EXISTS: {
    meaning: 'There is such a resource already.',
    action: 'Choose another identifier, or change the one that exists.',
  },
  ABORTED: {
    meaning: 'Somebody else changed the resource at the same time.',
    action: 'Read it again, apply the change to what is there now, and repeat.',
  },
  STREAM_GONE: {
    meaning: 'The stream that `Last-Event-ID` names is not kept any more, or not from there on.',
    action: 'Begin a new one without the header. Operators: `resume` in the policy says how much is kept.',
  },
  PRECONDITION_FAILED: {
    meaning: 'The resource is not the one whose entity tag `If-Match` names: somebody else has changed it.',
    action: 'Read it again, apply the change to what is there now, and repeat with its `ETag`.',
  },
  PAYLOAD_TOO_LARGE: {
    meaning: 'The body is larger than this route or the service behind it takes.',
    action: 'Send less at once. Operators: `GATEWAY_MAX_BODY_BYTES`, or `max_body_bytes` in the policy.',
  },
  URI_TOO_LONG: {
    meaning: 'The path or one of its segments is too long.',
    action: 'Shorten it, or put the value into the body where the route has one.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    meaning: 'The body has a type that this route does not read.',
    action: 'Send JSON with `Content-Type: application/json`.',
  },
  CONTENT_BLOCKED: {
    meaning:
      'The guardrail refused the request before it was sent, or the response to it. A stream ends with this error; what it had sent before was allowed.',
    action:
      'Change what is asked for; the same request is refused again. Operators: `guardrail_phase` and `guardrail_reason` in the access line of the `request_id`.',
  },
  RATE_LIMITED: {
    meaning: 'The caller or its tenant has used up its rate.',
    action: 'Wait for as long as `Retry-After` says, then go on more slowly.',
  },
  UPSTREAM_RATE_LIMITED: {
    meaning: 'The service behind the route has a limit of its own, and it is used up.',
    action: 'Wait for as long as `Retry-After` says, if it is there, then go on more slowly.',
  },
  HEADERS_TOO_LARGE: {
    meaning: 'The headers of the request are too large.',
    action: 'Send fewer cookies or a smaller token. Operators: `GATEWAY_MAX_HEADER_BYTES`.',
  },
  CLIENT_CLOSED: {
    meaning:
      'The client closed the connection, or its side of it, before the answer. Few are there to read this answer.',
    action:
      'Keep the connection open in both directions until the answer is there. Operators, of many: compare the timeout of the clients with the latency of the route.',
  },
  CLIENT_STALLED: {
    meaning: 'The client read nothing of its response for too long, and the connection was closed.',
    action: 'Read responses as they come, or abort the request. Operators: `GATEWAY_STREAM_WRITE_TIMEOUT`.',
  },
  INTERNAL: {
    meaning: 'A bug of the gateway. No fault of a service and no input is answered this way.',
    action: 'Report it with the `request_id`; the log line of that request has the cause.',
  },
  UPSTREAM_UNIMPLEMENTED: {
    meaning: 'The service behind the route does not know this RPC: it is older than the contract.',
    action: 'Operators: roll the service forward, or the contract back.',
  },
  UPSTREAM_ERROR: {
    meaning: 'The service behind the route failed, or its answer could not be read.',
    action: 'Repeat what may be repeated. Operators: look at the log of the service for the `request_id`.',
  },
  TENANT_LEAK_BLOCKED: {
    meaning: "The answer of the service held another tenant's data, and was not passed on.",
    action: 'Report it with the `request_id`: the service has a bug that breaks the isolation of tenants.',
  },
  UPSTREAM_UNAVAILABLE: {
    meaning: 'The service behind the route cannot be reached.',
    action: 'Repeat after `Retry-After`. Operators: `/healthz` names the upstream; check that it runs and its address.',
  },
  CIRCUIT_OPEN: {
    meaning: 'The service behind the route failed so often that it is left alone for a while.',
    action: 'Repeat after `Retry-After`. Operators: the errors before this one have the cause.',
  },
  AUTH_UNAVAILABLE: {
    meaning: 'The credential could not be checked, because what checks it cannot be reached. It may well be valid.',
    action: 'Keep the credential and repeat after `Retry-After`. Operators: check AuthService and `JWT_JWKS_URL`.',
  },
  OVERLOADED: {
    meaning: 'The gateway has as much to do as it can take.',
    action: 'Repeat after `Retry-After`. Operators: add replicas.',
  },
  DRAINING: {
    meaning: 'This instance is shutting down.',
    action: 'Repeat at once, on a new connection: another instance takes it.',
  },
  PROFILE_RUNNING: {
    meaning:
      'Another operator measures this instance: `holder` says who, since when and what. Only operators see this.',
    action: 'Repeat it when that has ended, 120 seconds later at most.',
  },
  MAIN_THREAD_STALLED: {
    meaning:
      'The gateway did not answer its admin listener in time: its event loop is blocked. Only operators see this; what they asked for was not done.',
    action: 'Repeat it. If it stays so, `/livez` fails too: restart the instance.',
  },
  UPSTREAM_TIMEOUT: {
    meaning: 'The service behind the route did not answer in time. Whether it did the work is not known.',
    action:
      'Repeat what may be repeated. Operators: `gateway explain <VERB> <path>` shows the deadline and where it is set.',
  },
};
