import type { ClaimsConfig } from './claims-config.js';
import type { GuardrailConfig } from './guardrail-config.js';
import type { HealthConfig } from './health.js';
import type { JsonConfig, ServerConfig } from './http-config.js';
import type { MeteringConfig } from './metering-config.js';
import type { IssuerKeys } from './issuer-keys.js';
import type { ListenAddress } from './listen-address.js';
import type { RatePolicy } from '../domain/policy.js';
import type { UpstreamName } from '../domain/upstream-name.js';
import type { RedisAddress } from './redis-url.js';
import type { SsoConfig } from './sso-config.js';
import type { TenantWeight } from './tenant-weight.js';
import type { TracingConfig } from './tracing-config.js';
import type { WorkerPlace } from './workers.js';

/** TLS of connections to an upstream. Files are PEM. */
export interface UpstreamTls {
  readonly mode: 'insecure' | 'tls' | 'mtls';
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly serverName: string | undefined;
}

export interface UpstreamConfig {
  /** Name from the proto or GATEWAY_UPSTREAMS, otherwise the last segment of the package before its version: `billing`. */
  readonly name: string;
  /** gRPC target: `dns:///host:port`, `ipv4:…`, `unix:…`. */
  readonly target: string;
  readonly tls: UpstreamTls;
  /** Transport of its calls: the gateway's own HTTP/2 client, or `ClientGrpc` (ADR 0029). */
  readonly transport: 'http2' | 'grpc-js';
  /** Deadline of a call whose policy does not set one. */
  readonly timeoutMs: number;
  /** Maximum number of concurrent calls. */
  readonly maxConcurrent: number;
}

/** Thresholds and times of the circuit breakers. */
export interface CircuitConfig {
  /** 0 disables the percentage threshold. */
  readonly errorPercent: number;
  readonly minRequests: number;
  /** 0 disables the threshold of consecutive failures. */
  readonly consecutiveErrors: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
  readonly halfOpenMax: number;
}

/** Concurrency limits and thresholds of load shedding. */
export interface LoadConfig {
  readonly maxConcurrentRequests: number;
  /** Maximum size of all request bodies in flight together, in bytes; undefined: derived from the heap limit of the process. */
  readonly maxBodyMemoryBytes: number | undefined;
  /** Maximum number of calls that wait for a permit of an upstream. */
  readonly queueSize: number;
  readonly queueTimeoutMs: number;
  readonly tenantSharePercent: number;
  /** Tenants with a weight other than 1. */
  readonly tenantWeights: readonly TenantWeight[];
  /** Event loop delay; 0 disables shedding by delay. */
  readonly shedDelayMs: number;
  /** 0 disables shedding by heap. */
  readonly shedHeapPercent: number;
  /** Percentage of the memory limit of the process; 0 disables shedding by memory. */
  readonly shedMemoryPercent: number;
}

/** Rate limits of tenants, addresses and callers. */
export interface RateLimitConfig {
  /** Default for tenants whose plan does not set one. */
  readonly tenant: RatePolicy;
  /** Undefined: addresses are not limited. */
  readonly ip: RatePolicy | undefined;
  /** Undefined: a caller may use the whole limit of the tenant. */
  readonly user: RatePolicy | undefined;
  readonly dryRun: boolean;
  /** Maximum number of buckets of each kind in memory. */
  readonly maxKeys: number;
  readonly idleMs: number;
  readonly cleanupIntervalMs: number;
  /** Maximum wait for the shared count in Redis. */
  readonly storeTimeoutMs: number;
  /** Number of instances that divide the limits while there is no shared store. */
  readonly replicas: number;
}

/** Redis, the store that the instances share. */
export interface RedisConfig {
  readonly address: RedisAddress;
  readonly commandTimeoutMs: number;
  /** Key material: cached data is encrypted with the first and decrypted with any. Empty: cached data stays in memory. */
  readonly secrets: readonly string[];
}

/** Limits of the revocation lists. */
export interface RevocationConfig {
  /** Maximum number of tokens, and of owners of versions of each kind, in memory. */
  readonly maxEntries: number;
  readonly resyncIntervalMs: number;
  /** Time after its `exp` during which a token may still be accepted. */
  readonly toleranceMs: number;
}

/** Admin listener. */
export interface AdminConfig extends ListenAddress {
  /** Undefined only on a loopback address. */
  readonly token: string | undefined;
  /** Token for read-only access; undefined: read-only access is not offered. */
  readonly readToken: string | undefined;
  /** One event loop block per this many is sampled; 0: none. */
  readonly blockRate: number;
  /** One waiting request per this many is recorded; 0: none. */
  readonly mutexFraction: number;
  /** URL under which the pages of runbooks/ are published; undefined: unknown. */
  readonly runbooksUrl: string | undefined;
}

/** All settings of the gateway, parsed, validated and frozen. All durations are in ms. */
export interface GatewayConfig {
  /** Number of worker processes. */
  readonly workers: number;
  /** Number of this worker; undefined in a single process and in the primary process. */
  readonly worker: WorkerPlace | undefined;
  readonly server: ServerConfig;
  readonly timeouts: {
    readonly requestMs: number;
    readonly streamIdleMs: number;
    readonly streamTotalMs: number;
    readonly streamHeartbeatMs: number;
    /** Maximum time that a client may stop reading a pending response. */
    readonly streamWriteMs: number;
    readonly preDrainMs: number;
    readonly shutdownMs: number;
    readonly terminationGraceMs: number;
  };
  readonly streams: {
    /** Streams end at the `exp` of the token that started them. */
    readonly untilTokenExpiry: boolean;
    /** Idle NDJSON and JSON array streams get white space as heartbeats, as server-sent events get comments. */
    readonly lineHeartbeat: boolean;
  };
  /** Upstreams by name; `ai` and those of GATEWAY_DESCRIPTORS only when their address is set. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  /** Names of upstreams whose address is `none`: their routes, and everything that depends on them, are absent. */
  readonly absentUpstreams: readonly string[];
  readonly grpc: {
    readonly keepaliveTimeMs: number;
    readonly keepaliveTimeoutMs: number;
    readonly initialBackoffMs: number;
    readonly maxBackoffMs: number;
    readonly resolveIntervalMs: number;
    readonly connectionsPerAddress: number;
    /** 0: connections are not replaced by age. */
    readonly connectionMaxAgeMs: number;
    readonly maxReceiveBytes: number;
    readonly maxSendBytes: number;
    /** For grpc-js only. */
    readonly httpProxy: boolean;
    /** JSON, for grpc-js only. */
    readonly serviceConfig: string | undefined;
  };
  readonly circuit: CircuitConfig;
  readonly load: LoadConfig;
  readonly guardrail: GuardrailConfig;
  readonly jwt: {
    readonly jwksUrl: string | undefined;
    readonly secret: string | undefined;
    readonly secretPrevious: string | undefined;
    readonly issuer: string | undefined;
    readonly audience: string;
    readonly clockToleranceMs: number;
    readonly jwksTtlMs: number;
    /** Time during which expired keys are used while their issuer is unavailable. */
    readonly jwksHardGraceMs: number;
    /** Issuers in addition to the one of jwksUrl or secret. */
    readonly issuers: readonly IssuerKeys[];
    /** Maximum number of cached verified tokens; 0 disables the cache. */
    readonly cacheSize: number;
    readonly claims: ClaimsConfig;
  };
  readonly authCache: {
    readonly ttlMs: number;
    readonly softBumpMs: number;
    readonly hardGraceMs: number;
    readonly maxEntries: number;
    readonly maxBytes: number;
  };
  readonly rateLimit: RateLimitConfig;
  readonly responseCache: {
    /** Maximum memory. */
    readonly maxBytes: number;
    readonly maxEntryBytes: number;
    /** Time during which an expired response is kept as a fallback. */
    readonly fallbackMaxAgeMs: number;
  };
  /** Responses to requests with an Idempotency-Key. */
  readonly idempotency: { readonly ttlMs: number; readonly maxBytes: number };
  /** Undefined: the instance works without a shared store. */
  readonly redis: RedisConfig | undefined;
  readonly revocation: RevocationConfig;
  readonly sso: SsoConfig;
  readonly authorization: {
    /** Name the required and missing permissions in a 403. */
    readonly exposeDetail: boolean;
  };
  readonly metering: MeteringConfig;
  readonly json: JsonConfig;
  readonly log: {
    readonly level: string;
    /** Undefined: depends on whether stdout is a terminal. */
    readonly format: 'json' | 'pretty' | undefined;
    readonly noColor: boolean;
    /** Log a hash in place of the identity of a caller. */
    readonly hashIdentity: boolean;
    /** Threshold of authentication and authorization together. */
    readonly slowAuthMs: number;
  };
  readonly metrics: { readonly enabled: boolean; readonly exemplars: boolean };
  /** Undefined: spans are not recorded. */
  readonly tracing: TracingConfig | undefined;
  readonly health: HealthConfig;
  /** Webhook that degradations are reported to; undefined: they are reported in log and metrics only. */
  readonly alerts: { readonly webhookUrl: string; readonly deployment: string } | undefined;
  /** Undefined: the admin listener is disabled. */
  readonly admin: AdminConfig | undefined;
  /** Commit that the build was made from. */
  readonly revision: string;
  /** Display name of the deployment: `acme-prod`; empty without a name. */
  readonly deployment: string;
  /** Name of this instance: pod or host. */
  readonly instance: string;
  /** Descriptor sets to mount in addition to the built-in one. */
  readonly descriptorFiles: readonly string[];
  /** Policy file for the RPCs of those sets; undefined: only their protos say what is exposed. */
  readonly policyFile: string | undefined;
  /** Upstreams of packages and services in these sets; they override the protos. */
  readonly upstreamNames: readonly UpstreamName[];
  /** JavaScript files that export NestJS modules to mount. */
  readonly moduleFiles: readonly string[];
  readonly environment: string;
}
