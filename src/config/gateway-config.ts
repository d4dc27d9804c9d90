import type { Settings } from './schema.js';
import { authCacheOf, revocationOf } from './schema/access-settings.js';
import { adminOf } from './schema/admin-settings.js';
import { alertsOf } from './schema/alert-settings.js';
import { idempotencyOf, responseCacheOf } from './schema/cache-settings.js';
import { circuitOf } from './schema/circuit-settings.js';
import { streamsOf, timeoutsOf } from './schema/deadline-settings.js';
import { grpcOf } from './schema/grpc-settings.js';
import { guardrailOf } from './schema/guardrail-settings.js';
import { serverOf } from './schema/http-settings.js';
import { jsonOf } from './schema/json-settings.js';
import { loadOf } from './schema/load-settings.js';
import { meteringOf } from './schema/metering-settings.js';
import { healthOf, logOf, processOf } from './schema/operation-settings.js';
import { rateLimitsOf } from './schema/rate-limit-settings.js';
import { redisOf } from './schema/redis-settings.js';
import { ssoOf, type SsoSource } from './schema/sso-settings.js';
import { jwtOf } from './schema/token-settings.js';
import { tracingOf } from './schema/tracing-settings.js';
import type { WorkerPlace } from './schema/worker-settings.js';
import { buildUpstream, type UpstreamConfig, type UpstreamSource } from './upstreams.js';

/** Maps parsed settings to the configuration. Durations are in ms. Call it only when there are no problems. */
export function configOf(settings: Settings, sources: readonly UpstreamSource[], providers: readonly SsoSource[]) {
  const upstreams = sources.map(buildUpstream).filter((upstream) => upstream !== undefined);
  return {
    workers: settings.GATEWAY_WORKERS,
    /** Number of this worker; undefined in a single process and in the primary process. */
    worker: undefined as WorkerPlace | undefined,
    server: serverOf(settings),
    timeouts: timeoutsOf(settings),
    streams: streamsOf(settings),
    upstreams: new Map(upstreams.map((upstream) => [upstream.name, upstream])) as ReadonlyMap<string, UpstreamConfig>,
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
    idempotency: idempotencyOf(settings),
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
}

type Mapped = ReturnType<typeof configOf>;

/** All settings of the gateway, parsed, validated and frozen, in groups. */
export type GatewayConfig = { readonly [Group in keyof Mapped]: Readonly<Mapped[Group]> };
