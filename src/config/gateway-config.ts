import type { RedisAddress } from './redis-url.js';

/** TLS towards an upstream. Files are PEM. */
export interface UpstreamTls {
  readonly mode: 'insecure' | 'tls' | 'mtls';
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly serverName: string | undefined;
}

export interface UpstreamConfig {
  /** First segment of the proto package. */
  readonly name: string;
  /** gRPC target: `dns:///host:port`, `ipv4:…`, `unix:…`. */
  readonly target: string;
  readonly tls: UpstreamTls;
  /** Deadline of a call whose policy sets none. */
  readonly timeoutMs: number;
}

/** The store that the instances share. */
export interface RedisConfig {
  readonly address: RedisAddress;
  readonly commandTimeoutMs: number;
}

/** An identity provider that browsers sign in at. */
export interface SsoProviderConfig {
  /** The word in `/auth/<name>/login`, and what AuthService knows it by. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Single sign-on and the sessions that it begins. */
export interface SsoConfig {
  /** By name. None: the routes of sign-in and session do not exist. */
  readonly providers: ReadonlyMap<string, SsoProviderConfig>;
  readonly sessionIdleMs: number;
  readonly sessionMaxAgeMs: number;
  /** Text that keys are derived from; undefined: a new one at each start. */
  readonly sessionKey: string | undefined;
  readonly sessionKeyPrevious: string | undefined;
}

/** Credentials that were ended before their time. */
export interface RevocationConfig {
  /** Tokens, and owners of versions of each kind, kept in memory. */
  readonly maxEntries: number;
  readonly resyncIntervalMs: number;
  /** How long after its `exp` a token may still be accepted. */
  readonly toleranceMs: number;
}

/** Every setting of the gateway, parsed, checked and frozen. All durations are in ms. */
export interface GatewayConfig {
  readonly server: {
    readonly host: string;
    readonly port: number;
    /** Port of /metrics and the health paths alone; undefined: on the main port. */
    readonly opsPort: number | undefined;
    readonly publicUrl: string | undefined;
    readonly maxBodyBytes: number;
    readonly maxHeaderBytes: number;
    readonly maxConnections: number;
    readonly headersTimeoutMs: number;
    /** Longest wait for a whole request, its body included. */
    readonly receiveTimeoutMs: number;
    readonly keepAliveTimeoutMs: number;
    /** CIDR blocks whose X-Forwarded-For is believed. */
    readonly trustedProxies: readonly string[];
    readonly corsOrigins: readonly string[];
    readonly docs: boolean;
  };
  readonly timeouts: {
    readonly requestMs: number;
    readonly streamIdleMs: number;
    readonly streamTotalMs: number;
    readonly streamHeartbeatMs: number;
    readonly preDrainMs: number;
    readonly shutdownMs: number;
    readonly terminationGraceMs: number;
  };
  /** By name; `ai` and those of GATEWAY_DESCRIPTORS only when their address is set. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  readonly grpc: {
    readonly keepaliveTimeMs: number;
    readonly keepaliveTimeoutMs: number;
    readonly initialBackoffMs: number;
    readonly maxBackoffMs: number;
    readonly maxReceiveBytes: number;
    readonly maxSendBytes: number;
  };
  readonly jwt: {
    readonly jwksUrl: string | undefined;
    readonly secret: string | undefined;
    readonly secretPrevious: string | undefined;
    readonly issuer: string | undefined;
    readonly audience: string;
    readonly clockToleranceMs: number;
    readonly jwksTtlMs: number;
    /** Verified tokens kept; 0 switches the cache off. */
    readonly cacheSize: number;
  };
  /** Undefined: this instance works on its own. */
  readonly redis: RedisConfig | undefined;
  readonly revocation: RevocationConfig;
  readonly sso: SsoConfig;
  readonly authorization: {
    /** A 403 names the permissions that it is about. */
    readonly exposeDetail: boolean;
  };
  readonly json: {
    readonly emitDefaults: boolean;
    readonly maxDepth: number;
    readonly maxKeys: number;
  };
  readonly log: { readonly level: string };
  readonly metrics: { readonly enabled: boolean };
  readonly health: { readonly intervalMs: number; readonly recoveryHoldMs: number };
  /** Descriptor sets to mount beside the built-in one. */
  readonly descriptorFiles: readonly string[];
  readonly environment: string;
}
