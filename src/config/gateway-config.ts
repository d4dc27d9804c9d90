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

/** TLS towards an upstream. Files are PEM. */
export interface UpstreamTls {
  readonly mode: 'insecure' | 'tls' | 'mtls';
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly serverName: string | undefined;
}

export interface UpstreamConfig {
  /** `billing`: what its proto or GATEWAY_UPSTREAMS says, else the last segment of the package before its version. */
  readonly name: string;
  /** gRPC target: `dns:///host:port`, `ipv4:…`, `unix:…`. */
  readonly target: string;
  readonly tls: UpstreamTls;
  /** Its calls go over the gateway's own HTTP/2 client, or over `ClientGrpc` (ADR 0029). */
  readonly transport: 'http2' | 'grpc-js';
  /** Deadline of a call whose policy sets none. */
  readonly timeoutMs: number;
  /** Calls in flight at once. */
  readonly maxConcurrent: number;
}

/** When a circuit opens and how it closes again. */
export interface CircuitConfig {
  /** 0: the share of failures does not matter. */
  readonly errorPercent: number;
  readonly minRequests: number;
  /** 0: failures in a row do not matter. */
  readonly consecutiveErrors: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
  readonly halfOpenMax: number;
}

/** How much is done at once. */
export interface LoadConfig {
  readonly maxConcurrentRequests: number;
  /** Calls waiting for a place at an upstream. */
  readonly queueSize: number;
  readonly queueTimeoutMs: number;
  readonly tenantSharePercent: number;
  /** Tenants with a weight other than 1. */
  readonly tenantWeights: readonly TenantWeight[];
  /** Event loop delay; 0: does not matter. */
  readonly shedDelayMs: number;
  /** 0: does not matter. */
  readonly shedHeapPercent: number;
  /** Of the memory that the process may use; 0: never. */
  readonly shedMemoryPercent: number;
}

/** How often callers may call. */
export interface RateLimitConfig {
  /** Of a tenant whose plan names none. */
  readonly tenant: RatePolicy;
  /** Undefined: no limit by address. */
  readonly ip: RatePolicy | undefined;
  /** Undefined: a caller may use all that the tenant has. */
  readonly user: RatePolicy | undefined;
  readonly dryRun: boolean;
  /** Buckets of each kind in memory. */
  readonly maxKeys: number;
  readonly idleMs: number;
  readonly cleanupIntervalMs: number;
  /** Longest wait for the count of all instances. */
  readonly storeTimeoutMs: number;
  /** Instances that share the limits while there is no shared store. */
  readonly replicas: number;
}

/** The store that the instances share. */
export interface RedisConfig {
  readonly address: RedisAddress;
  readonly commandTimeoutMs: number;
  /** Texts that keys are derived from: the first seals what is cached there, all of them open it. None: it stays in memory. */
  readonly secrets: readonly string[];
}

/** Credentials that were ended before their time. */
export interface RevocationConfig {
  /** Tokens, and owners of versions of each kind, kept in memory. */
  readonly maxEntries: number;
  readonly resyncIntervalMs: number;
  /** How long after its `exp` a token may still be accepted. */
  readonly toleranceMs: number;
}

/** The listener of operators. */
export interface AdminConfig extends ListenAddress {
  /** Undefined only where no other machine can connect. */
  readonly token: string | undefined;
  /** Allows to look and not to change; undefined: there is no such token. */
  readonly readToken: string | undefined;
  /** Of so many blocks of the event loop one is sampled; 0: none. */
  readonly blockRate: number;
  /** Of so many requests that waited one is counted; 0: none. */
  readonly mutexFraction: number;
  /** Where the pages of runbooks/ are read; undefined: nobody said. */
  readonly runbooksUrl: string | undefined;
}

/** Every setting of the gateway, parsed, checked and frozen. All durations are in ms. */
export interface GatewayConfig {
  /** Processes that share the work. */
  readonly workers: number;
  /** Which of them this one is; undefined for one that works alone, or that has them. */
  readonly worker: WorkerPlace | undefined;
  readonly server: ServerConfig;
  readonly timeouts: {
    readonly requestMs: number;
    readonly streamIdleMs: number;
    readonly streamTotalMs: number;
    readonly streamHeartbeatMs: number;
    /** Longest time that a client may read nothing of what is waiting for it. */
    readonly streamWriteMs: number;
    readonly preDrainMs: number;
    readonly shutdownMs: number;
    readonly terminationGraceMs: number;
  };
  readonly streams: {
    /** The `exp` of a token ends the streams that it began. */
    readonly untilTokenExpiry: boolean;
    /** Silent streams of lines and of one array get white space as heartbeats, as server-sent events get comments. */
    readonly lineHeartbeat: boolean;
  };
  /** By name; `ai` and those of GATEWAY_DESCRIPTORS only when their address is set. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  /** Names of those whose address is `none`: their routes, and all that needs them, are absent. */
  readonly absentUpstreams: readonly string[];
  readonly grpc: {
    readonly keepaliveTimeMs: number;
    readonly keepaliveTimeoutMs: number;
    readonly initialBackoffMs: number;
    readonly maxBackoffMs: number;
    readonly resolveIntervalMs: number;
    readonly connectionsPerAddress: number;
    /** 0: as long as it lasts. */
    readonly connectionMaxAgeMs: number;
    readonly maxReceiveBytes: number;
    readonly maxSendBytes: number;
    /** For grpc-js alone. */
    readonly httpProxy: boolean;
    /** JSON, for grpc-js alone. */
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
    /** How long beyond their time keys are used while their issuer is away. */
    readonly jwksHardGraceMs: number;
    /** Beside the one of jwksUrl or secret. */
    readonly issuers: readonly IssuerKeys[];
    /** Verified tokens kept; 0 switches the cache off. */
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
    /** In memory. */
    readonly maxBytes: number;
    readonly maxEntryBytes: number;
    /** How long beyond its time an answer is kept as a fallback. */
    readonly fallbackMaxAgeMs: number;
  };
  /** Requests that may be sent again without being done again. */
  readonly idempotency: { readonly ttlMs: number; readonly maxBytes: number };
  /** Undefined: this instance works on its own. */
  readonly redis: RedisConfig | undefined;
  readonly revocation: RevocationConfig;
  readonly sso: SsoConfig;
  readonly authorization: {
    /** A 403 names the permissions that it is about. */
    readonly exposeDetail: boolean;
  };
  readonly metering: MeteringConfig;
  readonly json: JsonConfig;
  readonly log: {
    readonly level: string;
    /** Undefined: as the standard output is. */
    readonly format: 'json' | 'pretty' | undefined;
    readonly noColor: boolean;
    /** Callers are named by a hash. */
    readonly hashIdentity: boolean;
    /** Authentication and authorization together. */
    readonly slowAuthMs: number;
  };
  readonly metrics: { readonly enabled: boolean; readonly exemplars: boolean };
  /** Undefined: nothing is recorded. */
  readonly tracing: TracingConfig | undefined;
  readonly health: HealthConfig;
  /** Where degradations are told; undefined: in log and metrics alone. */
  readonly alerts: { readonly webhookUrl: string; readonly deployment: string } | undefined;
  /** Undefined: there is no admin listener. */
  readonly admin: AdminConfig | undefined;
  /** Commit that the build was made from. */
  readonly revision: string;
  /** Whose deployment this is, for people: `acme-prod`; empty without a name. */
  readonly deployment: string;
  /** Name of this process among its like: pod or host. */
  readonly instance: string;
  /** Descriptor sets to mount beside the built-in one. */
  readonly descriptorFiles: readonly string[];
  /** Rules for the RPCs of those sets; undefined: their protos alone say what is exposed. */
  readonly policyFile: string | undefined;
  /** Upstreams of packages and services in these files, over what their protos say. */
  readonly upstreamNames: readonly UpstreamName[];
  /** Files that export NestJS modules to mount. */
  readonly moduleFiles: readonly string[];
  readonly environment: string;
}
