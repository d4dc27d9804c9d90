import type { DecisionReason } from './decision-reason.js';

/** The party at fault for an error. Decides log level, metric label and who is paged. */
export type FailureDomain = 'client' | 'auth' | 'upstream' | 'overload' | 'gateway';

interface ErrorRow {
  readonly status: number;
  readonly domain: FailureDomain;
  readonly title: string;
}

/** The closed list of error codes: one row each, and the only place where a code meets its HTTP status. */
export const ERROR_CODES = {
  INVALID_ARGUMENT: { status: 400, domain: 'client', title: 'Invalid argument' },
  MALFORMED_JSON: { status: 400, domain: 'client', title: 'Malformed JSON' },
  UNKNOWN_FIELD: { status: 400, domain: 'client', title: 'Unknown field' },
  MALFORMED_REQUEST: { status: 400, domain: 'client', title: 'Malformed request' },
  OUT_OF_RANGE: { status: 400, domain: 'client', title: 'Out of range' },
  FAILED_PRECONDITION: { status: 400, domain: 'client', title: 'Failed precondition' },
  UNAUTHENTICATED: { status: 401, domain: 'auth', title: 'Unauthenticated' },
  CSRF_FAILED: { status: 403, domain: 'auth', title: 'Cross-site request refused' },
  PERMISSION_DENIED: { status: 403, domain: 'auth', title: 'Permission denied' },
  TENANT_MISMATCH: { status: 403, domain: 'auth', title: 'Tenant mismatch' },
  TENANT_SUSPENDED: { status: 403, domain: 'auth', title: 'Tenant suspended' },
  ROUTE_NOT_FOUND: { status: 404, domain: 'client', title: 'Route not found' },
  NOT_FOUND: { status: 404, domain: 'client', title: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, domain: 'client', title: 'Method not allowed' },
  NOT_ACCEPTABLE: { status: 406, domain: 'client', title: 'Not acceptable' },
  REQUEST_TIMEOUT: { status: 408, domain: 'client', title: 'Request timeout' },
  ALREADY_EXISTS: { status: 409, domain: 'client', title: 'Already exists' },
  PROFILE_RUNNING: { status: 409, domain: 'client', title: 'A profile is being taken' },
  ABORTED: { status: 409, domain: 'client', title: 'Aborted' },
  STREAM_GONE: { status: 410, domain: 'client', title: 'Stream gone' },
  PRECONDITION_FAILED: { status: 412, domain: 'client', title: 'Precondition failed' },
  PAYLOAD_TOO_LARGE: { status: 413, domain: 'client', title: 'Payload too large' },
  URI_TOO_LONG: { status: 414, domain: 'client', title: 'URI too long' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, domain: 'client', title: 'Unsupported media type' },
  CONTENT_BLOCKED: { status: 422, domain: 'client', title: 'Content blocked' },
  RATE_LIMITED: { status: 429, domain: 'client', title: 'Rate limited' },
  UPSTREAM_RATE_LIMITED: { status: 429, domain: 'upstream', title: 'Rate limited by the service' },
  HEADERS_TOO_LARGE: { status: 431, domain: 'client', title: 'Request header fields too large' },
  CLIENT_CLOSED: { status: 499, domain: 'client', title: 'Client closed request' },
  CLIENT_STALLED: { status: 499, domain: 'client', title: 'Client stopped reading' },
  INTERNAL: { status: 500, domain: 'gateway', title: 'Internal error' },
  UPSTREAM_UNIMPLEMENTED: { status: 501, domain: 'upstream', title: 'Not implemented by the service' },
  UPSTREAM_ERROR: { status: 502, domain: 'upstream', title: 'Upstream error' },
  TENANT_LEAK_BLOCKED: { status: 502, domain: 'upstream', title: 'Response blocked' },
  UPSTREAM_UNAVAILABLE: { status: 503, domain: 'upstream', title: 'Upstream unavailable' },
  CIRCUIT_OPEN: { status: 503, domain: 'upstream', title: 'Circuit open' },
  AUTH_UNAVAILABLE: { status: 503, domain: 'upstream', title: 'Authentication unavailable' },
  OVERLOADED: { status: 503, domain: 'overload', title: 'Overloaded' },
  DRAINING: { status: 503, domain: 'overload', title: 'Draining' },
  MAIN_THREAD_STALLED: { status: 504, domain: 'gateway', title: 'The gateway does not answer' },
  UPSTREAM_TIMEOUT: { status: 504, domain: 'upstream', title: 'Upstream timeout' },
} as const satisfies Record<string, ErrorRow>;

export type GatewayErrorCode = keyof typeof ERROR_CODES;

/** One invalid field of a request: `field` is a JSON path such as `users[1].labels.team`. */
export interface FieldViolation {
  readonly field: string;
  readonly detail: string;
}

interface GatewayErrorOptions {
  /** For the log only; never leaves the gateway. */
  readonly cause?: unknown;
  readonly errors?: readonly FieldViolation[];
  readonly retryAfterSeconds?: number;
  readonly decisionReason?: DecisionReason;
  /** Extra response headers in lower case, such as `allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Extra members of the problem (RFC 9457 3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** The only error that the gateway throws on purpose. `detail` is safe to show to the client. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly errors: readonly FieldViolation[];
  readonly retryAfterSeconds: number | undefined;
  readonly decisionReason: DecisionReason | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly members: Readonly<Record<string, unknown>> | undefined;

  constructor(
    readonly code: GatewayErrorCode,
    readonly detail: string,
    options: GatewayErrorOptions = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.errors = options.errors ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.decisionReason = options.decisionReason;
    this.headers = options.headers;
    this.members = options.members;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get domain(): FailureDomain {
    return ERROR_CODES[this.code].domain;
  }

  /** Returns any thrown value as a GatewayError; an unexpected one is a bug of the gateway. */
  static from(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    return new GatewayError('INTERNAL', 'The gateway failed to handle this request.', { cause: error });
  }
}
