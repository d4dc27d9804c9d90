import type { INestApplicationContext } from '@nestjs/common';
import { SigningKeys } from '../../../access/jwt/signing-keys.js';
import type { GatewayConfig } from '../../../config/gateway-config.js';
import { redactConfig } from '../../../config/redact-config.js';
import { Contract } from '../../../contract/contract.js';
import { Upstreams } from '../../../grpc/upstreams.js';
import type { Observation } from '../../../observe/observe.module.js';
import { RecentRequests } from '../../../observe/recent-requests.js';
import { RedisConnections } from '../../../redis/redis-connections.js';
import { SessionStore } from '../../../sso/session-store.js';
import { Admission } from '../../../traffic/admission/admission.js';
import { RateLimiter } from '../../../traffic/limits/rate-limiter.js';
import { Protection } from '../../../traffic/protection.js';
import { ContractDrift } from '../../contract-drift.js';
import { HealthMonitor } from '../../health-monitor.js';
import type { AdminCommands, StateCommand } from '../admin-messages.js';
import { showCaches } from './show-caches.js';
import { showInFlight } from './show-inflight.js';
import { showKeys } from './show-keys.js';
import { type LimitSources, showLimits } from './show-limits.js';
import { listErrors, listRequests, showRequest } from './show-requests.js';
import { showRoutes } from './show-routes.js';
import { showSessions } from './show-sessions.js';
import { showUpstreams, type UpstreamSources } from './show-upstreams.js';

/** Parts of a running gateway from which its state is read. */
export interface StateSources {
  readonly config: GatewayConfig;
  readonly observation: Observation;
  readonly recent: RecentRequests;
  readonly upstreams: UpstreamSources;
  readonly limits: LimitSources;
}

/** Returns these parts of an application. */
export function stateSources(
  app: INestApplicationContext,
  config: GatewayConfig,
  observation: Observation,
): StateSources {
  const protection = app.get(Protection);
  return {
    config,
    observation,
    recent: app.get(RecentRequests),
    upstreams: {
      config,
      contract: app.get(Contract),
      protection,
      upstreams: app.get(Upstreams),
      health: app.get(HealthMonitor),
      drift: app.get(ContractDrift),
    },
    limits: {
      config,
      protection,
      limiter: app.get(RateLimiter),
      admission: app.get(Admission),
      rateLimits: observation.metrics.rateLimits,
    },
  };
}

/** Returns the commands that show the state of a running gateway. */
export function stateCommands(app: INestApplicationContext, sources: StateSources): AdminCommands<StateCommand> {
  const { config, observation, recent, upstreams, limits } = sources;
  const redis = config.redis && app.get(RedisConnections);
  const sessions = config.sso.providers.size > 0 ? app.get(SessionStore) : undefined;
  return {
    'show-routes': () => showRoutes(app.get(Contract), config),
    'show-upstreams': () => showUpstreams(upstreams),
    'show-limits': () => showLimits(limits),
    'show-inflight': ({ query }) => showInFlight(observation.inFlight, Number(query['limit'])),
    'show-config': () => asJson(redactConfig(config)),
    'show-cache': () => showCaches(config, observation.metrics.registry),
    'show-sessions': () => showSessions(config, sessions, redis),
    'show-keys': () => showKeys(config, app.get(SigningKeys)),
    'show-request': ({ params }) => showRequest(recent, params['id'] ?? ''),
    'list-requests': ({ query }) => listRequests(recent, Number(query['limit'])),
    'list-errors': () => listErrors(recent),
  };
}

/** Converts settings to JSON, since they contain objects that cannot be cloned to another thread. */
function asJson(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}
