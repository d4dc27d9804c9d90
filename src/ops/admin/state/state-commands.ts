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
import type { AdminCommands } from '../admin-commands.js';
import { showCaches } from './show-caches.js';
import { showInFlight } from './show-inflight.js';
import { showKeys } from './show-keys.js';
import { showLimits } from './show-limits.js';
import { listErrors, listRequests, showRequest } from './show-requests.js';
import { showRoutes } from './show-routes.js';
import { showSessions } from './show-sessions.js';
import { showUpstreams } from './show-upstreams.js';
import type { StateCommand } from './state-messages.js';

/** Reads the state of a running gateway from its parts. */
export function stateCommands(
  app: INestApplicationContext,
  config: GatewayConfig,
  { metrics, inFlight }: Observation,
): AdminCommands<StateCommand> {
  const protection = app.get(Protection);
  const recent = app.get(RecentRequests);
  const upstreams = {
    config,
    protection,
    upstreams: app.get(Upstreams),
    health: app.get(HealthMonitor),
    drift: app.get(ContractDrift),
  };
  const limits = {
    config,
    protection,
    limiter: app.get(RateLimiter),
    admission: app.get(Admission),
    rateLimits: metrics.rateLimits,
  };
  const redis = config.redis && app.get(RedisConnections);
  const sessions = config.sso.providers.size > 0 ? app.get(SessionStore) : undefined;
  return {
    'show-routes': () => showRoutes(app.get(Contract), config),
    'show-upstreams': () => showUpstreams(upstreams),
    'show-limits': () => showLimits(limits),
    'show-inflight': ({ query }) => showInFlight(inFlight, Number(query['limit'])),
    'show-config': () => asJson(redactConfig(config)),
    'show-cache': () => showCaches(config, metrics.registry),
    'show-sessions': () => showSessions(config, sessions, redis),
    'show-keys': () => showKeys(config, app.get(SigningKeys)),
    'show-request': ({ params }) => showRequest(recent, params['id'] ?? ''),
    'list-requests': ({ query }) => listRequests(recent, Number(query['limit'])),
    'list-errors': () => listErrors(recent),
  };
}

/** Settings hold objects that cannot be cloned to another thread. */
function asJson(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}
