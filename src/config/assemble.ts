import { healthOf } from './health.js';
import { basePathOf } from './base-path.js';
import { adminOf } from './admin.js';
import { claimsOf } from './claims-config.js';
import { circuitOf } from './circuit.js';
import { hostname } from 'node:os';
import type { GatewayConfig, UpstreamConfig } from './gateway-config.js';
import { guardrailOf } from './guardrail-config.js';
import { listenerTlsOf, unixSocketOf } from './listener.js';
import { rateLimitsOf } from './rate-limits.js';
import type { Settings } from './schema.js';
import { type SsoSource, ssoOf } from './sso.js';
import { tracingOf } from './tracing.js';
import { configOfWorker, type WorkerPlace } from './workers.js';
import { buildUpstream, type UpstreamSource } from './upstreams.js';

/** Builds the deeply frozen configuration from parsed settings. */
export function assembleConfig(
  settings: Settings,
  sources: readonly UpstreamSource[],
  { providers, place }: { readonly providers: readonly SsoSource[]; readonly place: WorkerPlace | undefined },
): GatewayConfig {
  const upstreams = sources.map(buildUpstream).filter((upstream) => upstream !== undefined);
  const config: GatewayConfig = {
    workers: settings.GATEWAY_WORKERS,
    worker: undefined,
    server: serverOf(settings),
    timeouts: timeoutsOf(settings),
    streams: {
      untilTokenExpiry: settings.GATEWAY_STREAM_UNTIL_TOKEN_EXPIRY,
      lineHeartbeat: settings.GATEWAY_STREAM_LINE_HEARTBEAT,
    },
    upstreams: new Map(upstreams.map((upstream): [string, UpstreamConfig] => [upstream.name, freezeDeep(upstream)])),
    absentUpstreams: sources.filter(({ absent }) => absent).map(({ name }) => name),
    grpc: grpcOf(settings),
    circuit: circuitOf(settings),
    load: loadOf(settings),
    guardrail: guardrailOf(settings),
    jwt: jwtOf(
      settings,
      upstreams.some(({ name }) => name === 'auth'),
    ),
    authorization: { exposeDetail: settings.GATEWAY_EXPOSE_AUTHZ_DETAIL },
    authCache: authCacheOf(settings),
    rateLimit: rateLimitsOf(settings),
    responseCache: responseCacheOf(settings),
    idempotency: { ttlMs: settings.GATEWAY_IDEMPOTENCY_TTL, maxBytes: settings.GATEWAY_IDEMPOTENCY_MAX_BYTES },
    redis: redisOf(settings),
    revocation: revocationOf(settings),
    sso: ssoOf(settings, providers),
    metering: meteringOf(settings),
    json: jsonOf(settings),
    log: logOf(settings),
    metrics: { enabled: settings.ENABLE_METRICS, exemplars: settings.METRICS_EXEMPLARS },
    tracing: tracingOf(settings),
    health: healthOf(settings),
    alerts: alertsOf(settings),
    admin: adminOf(settings),
    descriptorFiles: settings.GATEWAY_DESCRIPTORS,
    policyFile: settings.GATEWAY_POLICY_FILE,
    upstreamNames: settings.GATEWAY_UPSTREAMS,
    moduleFiles: settings.GATEWAY_MODULES,
    ...processOf(settings),
  };
  return freezeDeep(place === undefined ? config : configOfWorker(config, place));
}

function processOf(settings: Settings): Pick<GatewayConfig, 'revision' | 'instance' | 'deployment' | 'environment'> {
  const instance = settings.POD_NAME ?? hostname();
  const deployment = settings.GATEWAY_DEPLOYMENT_TAG ?? '';
  return { revision: settings.GATEWAY_REVISION, instance, deployment, environment: settings.NODE_ENV };
}

function logOf(settings: Settings): GatewayConfig['log'] {
  return {
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT,
    noColor: settings.NO_COLOR !== undefined,
    hashIdentity: settings.LOG_IDENTITY === 'hash',
    slowAuthMs: settings.GATEWAY_AUTH_SLOW_MS,
  };
}

function jsonOf(settings: Settings): GatewayConfig['json'] {
  return {
    emitDefaults: settings.GATEWAY_JSON_EMIT_DEFAULTS,
    maxDepth: settings.GATEWAY_JSON_MAX_DEPTH,
    maxKeys: settings.GATEWAY_JSON_MAX_KEYS,
    protoNames: settings.GATEWAY_JSON_FIELD_NAMES === 'proto',
    enumNumbers: settings.GATEWAY_JSON_ENUMS === 'numbers',
    ignoredQuery: settings.GATEWAY_IGNORED_QUERY,
  };
}

function revocationOf(settings: Settings): GatewayConfig['revocation'] {
  return {
    maxEntries: settings.GATEWAY_REVOCATION_MAX,
    resyncIntervalMs: settings.GATEWAY_REVOCATION_RESYNC_INTERVAL,
    toleranceMs: settings.GATEWAY_JWT_CLOCK_TOLERANCE,
  };
}

function serverOf(settings: Settings): GatewayConfig['server'] {
  return {
    host: settings.GATEWAY_HOST,
    port: settings.API_GATEWAY_PORT,
    unixSocket: unixSocketOf(settings),
    tls: listenerTlsOf(settings),
    opsPort: settings.OPS_PORT,
    publicUrl: settings.GATEWAY_PUBLIC_URL,
    basePath: basePathOf(settings.GATEWAY_PUBLIC_URL),
    maxBodyBytes: settings.GATEWAY_MAX_BODY_BYTES,
    maxHeaderBytes: settings.GATEWAY_MAX_HEADER_BYTES,
    maxConnections: settings.GATEWAY_MAX_CONNECTIONS,
    headersTimeoutMs: settings.GATEWAY_HEADERS_TIMEOUT,
    receiveTimeoutMs: settings.GATEWAY_RECEIVE_TIMEOUT,
    keepAliveTimeoutMs: settings.GATEWAY_KEEP_ALIVE_TIMEOUT,
    trustedProxies: settings.GATEWAY_TRUSTED_PROXIES,
    forwardedHeader: settings.GATEWAY_FORWARDED_HEADER,
    forwardedPrefix: settings.GATEWAY_FORWARDED_PREFIX,
    corsOrigins: settings.GATEWAY_CORS_ORIGINS,
    corsHeaders: settings.GATEWAY_CORS_HEADERS,
    compression: { codings: settings.GATEWAY_COMPRESSION, minBytes: settings.GATEWAY_COMPRESSION_MIN_BYTES },
    serverTiming: settings.GATEWAY_SERVER_TIMING,
    docs: settings.GATEWAY_DOCS,
    docsContact: settings.GATEWAY_DOCS_CONTACT,
  };
}

function responseCacheOf(settings: Settings): GatewayConfig['responseCache'] {
  return {
    maxBytes: settings.GATEWAY_CACHE_MAX_BYTES,
    maxEntryBytes: settings.GATEWAY_CACHE_MAX_ENTRY_BYTES,
    fallbackMaxAgeMs: settings.GATEWAY_FALLBACK_MAX_AGE,
  };
}

function loadOf(settings: Settings): GatewayConfig['load'] {
  return {
    maxConcurrentRequests: settings.GATEWAY_MAX_CONCURRENT_REQUESTS,
    queueSize: settings.GATEWAY_QUEUE_SIZE,
    queueTimeoutMs: settings.GATEWAY_QUEUE_TIMEOUT,
    tenantSharePercent: settings.GATEWAY_TENANT_SHARE_PERCENT,
    tenantWeights: settings.GATEWAY_TENANT_WEIGHTS,
    shedDelayMs: settings.GATEWAY_SHED_DELAY,
    shedHeapPercent: settings.GATEWAY_SHED_HEAP_PERCENT,
    shedMemoryPercent: settings.GATEWAY_SHED_MEMORY_PERCENT,
    maxBodyMemoryBytes: settings.GATEWAY_MAX_BODY_MEMORY,
  };
}

function grpcOf(settings: Settings): GatewayConfig['grpc'] {
  return {
    keepaliveTimeMs: settings.GATEWAY_GRPC_KEEPALIVE_TIME,
    keepaliveTimeoutMs: settings.GATEWAY_GRPC_KEEPALIVE_TIMEOUT,
    initialBackoffMs: settings.GATEWAY_GRPC_INITIAL_BACKOFF,
    maxBackoffMs: settings.GATEWAY_GRPC_MAX_BACKOFF,
    resolveIntervalMs: settings.GATEWAY_GRPC_RESOLVE_INTERVAL,
    connectionsPerAddress: settings.GATEWAY_GRPC_CONNECTIONS_PER_ADDRESS,
    connectionMaxAgeMs: settings.GATEWAY_GRPC_CONNECTION_MAX_AGE,
    maxReceiveBytes: settings.GATEWAY_GRPC_MAX_RECEIVE_BYTES,
    maxSendBytes: settings.GATEWAY_GRPC_MAX_SEND_BYTES,
    httpProxy: settings.GATEWAY_GRPC_HTTP_PROXY,
    serviceConfig: settings.GATEWAY_GRPC_SERVICE_CONFIG,
  };
}

function timeoutsOf(settings: Settings): GatewayConfig['timeouts'] {
  return {
    requestMs: settings.GATEWAY_REQUEST_TIMEOUT,
    streamIdleMs: settings.GATEWAY_STREAM_IDLE_TIMEOUT,
    streamTotalMs: settings.GATEWAY_STREAM_MAX_DURATION,
    streamHeartbeatMs: settings.GATEWAY_STREAM_HEARTBEAT,
    streamWriteMs: settings.GATEWAY_STREAM_WRITE_TIMEOUT,
    preDrainMs: settings.GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT,
    shutdownMs: settings.GATEWAY_SHUTDOWN_TIMEOUT,
    terminationGraceMs: settings.GATEWAY_TERMINATION_GRACE,
  };
}

function jwtOf(settings: Settings, asksAuthService: boolean): GatewayConfig['jwt'] {
  return {
    jwksUrl: settings.JWT_JWKS_URL,
    secret: settings.JWT_SECRET,
    secretPrevious: settings.JWT_SECRET_PREVIOUS,
    issuer: settings.JWT_ISSUER,
    audience: settings.JWT_AUDIENCE,
    clockToleranceMs: settings.GATEWAY_JWT_CLOCK_TOLERANCE,
    jwksTtlMs: settings.GATEWAY_JWKS_CACHE_TTL,
    jwksHardGraceMs: settings.GATEWAY_JWKS_HARD_GRACE,
    issuers: settings.GATEWAY_JWT_ISSUERS,
    cacheSize: settings.GATEWAY_JWT_CACHE_SIZE,
    claims: claimsOf(settings, asksAuthService),
  };
}

function authCacheOf(settings: Settings): GatewayConfig['authCache'] {
  return {
    ttlMs: settings.GATEWAY_AUTH_CACHE_TTL,
    softBumpMs: settings.GATEWAY_AUTH_CACHE_SOFT_BUMP,
    hardGraceMs: settings.GATEWAY_AUTH_CACHE_HARD_GRACE,
    maxEntries: settings.GATEWAY_AUTH_CACHE_L1_SIZE,
    maxBytes: settings.GATEWAY_AUTH_CACHE_L1_BYTES,
  };
}

function alertsOf(settings: Settings): GatewayConfig['alerts'] {
  const { GATEWAY_ALERT_WEBHOOK_URL: webhookUrl, GATEWAY_DEPLOYMENT_TAG: deployment } = settings;
  return webhookUrl === undefined || deployment === undefined ? undefined : { webhookUrl, deployment };
}

function redisOf(settings: Settings): GatewayConfig['redis'] {
  const { REDIS_URL: address, GATEWAY_REDIS_COMMAND_TIMEOUT: commandTimeoutMs } = settings;
  const { GATEWAY_CACHE_KEY: key, GATEWAY_CACHE_KEY_PREVIOUS: previous } = settings;
  const secrets = [key, previous].filter((secret) => secret !== undefined);
  return address === undefined ? undefined : { address, commandTimeoutMs, secrets };
}

function meteringOf(settings: Settings): GatewayConfig['metering'] {
  return {
    capacity: settings.GATEWAY_BUDGET_DEBIT_CAPACITY,
    batchSize: settings.GATEWAY_BUDGET_DEBIT_BATCH_SIZE,
    flushIntervalMs: settings.GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL,
    maxBackoffMs: settings.GATEWAY_BUDGET_DEBIT_MAX_BACKOFF,
    retryMax: settings.GATEWAY_BUDGET_DEBIT_RETRY_MAX,
    shelfDirectory: settings.GATEWAY_BUDGET_DEBIT_SHELF_DIR,
    shelfBytes: settings.GATEWAY_BUDGET_DEBIT_SHELF_BYTES,
  };
}

function freezeDeep<T extends object>(value: T): T {
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) freezeDeep(child);
  }
  return Object.freeze(value);
}
