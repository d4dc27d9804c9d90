/** Who may call an RPC; the names of gateway.v1.Access without their prefix, and `CONTROLLED` by its log name. */
export type Access = 'OPEN' | 'AUTHENTICATED' | 'ACCESS_CONTROLLED';

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly maxAttempts: number;
  readonly backoffMs: number;
  /** When another attempt is begun beside one that has no answer yet; undefined: never. */
  readonly hedgeAfterMs: number | undefined;
}

export interface CachePolicy {
  readonly ttlMs: number;
  readonly scope: 'user' | 'tenant';
  readonly staleIfErrorMs: number;
  readonly maxBytes: number;
}

/** A token bucket: `maxRate` tokens every `everyMs`, at most `capacity` at once. */
export interface RatePolicy {
  readonly maxRate: number;
  readonly capacity: number;
  readonly everyMs: number;
  /** Path of a string field of the request whose value calls are counted by; undefined: by tenant, or by address where nobody signed in. */
  readonly key?: string | undefined;
}

export type FallbackPolicy =
  | { readonly kind: 'cached' }
  | { readonly kind: 'static'; readonly json: string; /** The same as a message. */ readonly bytes: Uint8Array }
  | { readonly kind: 'upstream'; readonly upstream: string };

/** What is kept of a stream for a client that comes back to it. */
export interface ResumePolicy {
  readonly keepMs: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Where messages hold the entity tags of the backend, as dotted proto names. */
export interface EtagPolicy {
  readonly responseField: string | undefined;
  readonly requestField: string | undefined;
  /** The backend's tags have no quotes around them. */
  readonly unquoted: boolean;
}

export interface StreamPolicy {
  /** Undefined: GATEWAY_STREAM_IDLE_TIMEOUT. */
  readonly idleTimeoutMs: number | undefined;
  /** Undefined: GATEWAY_STREAM_MAX_DURATION. */
  readonly maxDurationMs: number | undefined;
  /** 0 means no limit. */
  readonly maxMessages: number;
  /** Undefined: a stream that broke off cannot be resumed. */
  readonly resume?: ResumePolicy | undefined;
}

/** Request fields that take a further permission to set. */
export interface PrivilegedFields {
  readonly fields: readonly string[];
  readonly permission: string;
}

/** When an RPC is given up. */
export interface DeprecationPolicy {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** When it will stop working; undefined: nobody has said. */
  readonly sunsetMs: number | undefined;
  /** A page that says what to use instead. */
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
  /** Undefined: the default of the upstream. */
  readonly timeoutMs: number | undefined;
  readonly retry: RetryPolicy | undefined;
  readonly cache: CachePolicy | undefined;
  /** 0 means no limit of its own. */
  readonly maxConcurrent: number;
  readonly rates: readonly RatePolicy[];
  readonly cost: number;
  readonly fallback: FallbackPolicy | undefined;
  readonly stream: StreamPolicy;
  /** Undefined: GATEWAY_MAX_BODY_BYTES. */
  readonly maxBodyBytes: number | undefined;
  readonly successStatus: number;
  /** What an answered call counts as; undefined: it is not metered. */
  readonly meter: string | undefined;
  /** A guardrail must allow the request and the response: where there is one, or in any case. Undefined: no check. */
  readonly guardrail: 'optional' | 'required' | undefined;
  /** Headers of the backend that clients get, in lower case; undefined for none. */
  readonly responseHeaders?: readonly string[] | undefined;
  /** `%2F` in a path variable of one segment belongs to its value. */
  readonly encodedSlashes?: boolean;
  /** Responses are never compressed. */
  readonly uncompressed?: boolean;
  /** Undefined: the backend has no entity tags. */
  readonly etag?: EtagPolicy | undefined;
  /** Undefined: the RPC is not to be given up. */
  readonly deprecation?: DeprecationPolicy | undefined;
  /** With `?peek=1` a request does not count as a use of its session. Only on routes of the gateway's own. */
  readonly peekSession?: true;
}

/** A policy that says who may call and nothing else, and what `rest` changes of it. */
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
