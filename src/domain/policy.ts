/**
 * Callers that may call an RPC; the names of gateway.v1.Access without their prefix, and `CONTROLLED` by its log name.
 */
export type Access = 'OPEN' | 'AUTHENTICATED' | 'ACCESS_CONTROLLED';

export interface RetryPolicy {
  /** Total number of attempts, including the first. */
  readonly maxAttempts: number;
  readonly backoffMs: number;
  /** Delay after which a second attempt is started beside one without a response; undefined for no hedging. */
  readonly hedgeAfterMs: number | undefined;
}

export interface CachePolicy {
  readonly ttlMs: number;
  readonly scope: 'user' | 'tenant';
  readonly staleIfErrorMs: number;
  readonly maxBytes: number;
}

/** A token bucket: `maxRate` tokens every `everyMs`, at most `capacity` at any time. */
export interface RatePolicy {
  readonly maxRate: number;
  readonly capacity: number;
  readonly everyMs: number;
  /**
   * Path of a string field of the request by whose value calls are counted; undefined to count by tenant, or by address
   * for anonymous callers.
   */
  readonly key?: string | undefined;
}

export type FallbackPolicy =
  | { readonly kind: 'cached' }
  | { readonly kind: 'static'; readonly json: string; /** The same as a message. */ readonly bytes: Uint8Array }
  | { readonly kind: 'upstream'; readonly upstream: string };

/** Retention of a stream for a client that reconnects. */
export interface ResumePolicy {
  readonly keepMs: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Places in messages that contain the entity tags of the backend, as dotted proto names. */
export interface EtagPolicy {
  readonly responseField: string | undefined;
  readonly requestField: string | undefined;
  /** True if the tags of the backend have no quotes. */
  readonly unquoted: boolean;
}

export interface StreamPolicy {
  /** Undefined for GATEWAY_STREAM_IDLE_TIMEOUT. */
  readonly idleTimeoutMs: number | undefined;
  /** Undefined for GATEWAY_STREAM_MAX_DURATION. */
  readonly maxDurationMs: number | undefined;
  /** 0 means no limit. */
  readonly maxMessages: number;
  /** Undefined if an interrupted stream cannot be resumed. */
  readonly resume?: ResumePolicy | undefined;
}

/** Request fields that require a further permission to set. */
export interface PrivilegedFields {
  readonly fields: readonly string[];
  readonly permission: string;
}

/** Deprecation of an RPC. */
export interface DeprecationPolicy {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** Time at which it will stop working, in ms since 1970; undefined if it is not decided. */
  readonly sunsetMs: number | undefined;
  /** Page that describes the replacement. */
  readonly link: string | undefined;
}

/** gateway.v1.Policy of one RPC, read once at boot with its defaults filled. Field paths are dotted proto names. */
export interface Policy {
  readonly access: Access;
  readonly permissions: readonly string[];
  readonly roles: readonly string[];
  readonly tenantField: string | undefined;
  readonly protectedFields: readonly string[];
  readonly privileged: PrivilegedFields | undefined;
  readonly redact: readonly string[];
  /** Response fields that another RPC redacts and this one shows on purpose; undefined for none. */
  readonly reveal: readonly string[] | undefined;
  readonly responseTenantFields: readonly string[];
  /** Undefined for the default of the upstream. */
  readonly timeoutMs: number | undefined;
  readonly retry: RetryPolicy | undefined;
  readonly cache: CachePolicy | undefined;
  /** 0 means no limit of its own. */
  readonly maxConcurrent: number;
  readonly rates: readonly RatePolicy[];
  readonly cost: number;
  readonly fallback: FallbackPolicy | undefined;
  readonly stream: StreamPolicy;
  /** Undefined for GATEWAY_MAX_BODY_BYTES. */
  readonly maxBodyBytes: number | undefined;
  readonly successStatus: number;
  /** Meter under which an answered call is counted; undefined if it is not metered. */
  readonly meter: string | undefined;
  /**
   * Whether a guardrail must allow the request and the response: if one is configured, or in any case. Undefined for no
   * check.
   */
  readonly guardrail: 'optional' | 'required' | undefined;
  /** Headers of the backend that clients receive, in lower case; undefined for none. */
  readonly responseHeaders?: readonly string[] | undefined;
  /** True if `%2F` in a path variable of one segment belongs to its value. */
  readonly encodedSlashes?: boolean;
  /** Responses are never compressed. */
  readonly uncompressed?: boolean;
  /** Undefined if the backend has no entity tags. */
  readonly etag?: EtagPolicy | undefined;
  /** Undefined if the RPC is not deprecated. */
  readonly deprecation?: DeprecationPolicy | undefined;
  /** With `?peek=1` a request does not count as a use of its session. Only on the gateway's own routes. */
  readonly peekSession?: true;
}

/** Returns a policy with an access level and defaults, overridden by `rest`. */
export function policyOf(access: Access, rest: Partial<Policy> = {}): Policy {
  return Object.freeze({
    access,
    permissions: [],
    roles: [],
    tenantField: undefined,
    protectedFields: [],
    privileged: undefined,
    redact: [],
    reveal: undefined,
    responseTenantFields: [],
    timeoutMs: undefined,
    retry: undefined,
    cache: undefined,
    maxConcurrent: 0,
    rates: [],
    cost: 1,
    fallback: undefined,
    stream: { idleTimeoutMs: undefined, maxDurationMs: undefined, maxMessages: 0 },
    maxBodyBytes: undefined,
    successStatus: 200,
    meter: undefined,
    guardrail: undefined,
    ...rest,
  });
}
