import type { GatewayConfig } from '../../../config/gateway-config.js';
import type { RedisConnections } from '../../../redis/redis-connections.js';
import type { SessionStore } from '../../../sso/session-store.js';

/** Shows where browser sessions are stored and how many there are; never their ids or tokens. */
export function showSessions(
  { sso }: Pick<GatewayConfig, 'sso'>,
  store?: SessionStore,
  redis?: RedisConnections,
): object {
  if (store === undefined) return { enabled: false, providers: [], store: null, count: null };
  return {
    enabled: true,
    providers: [...sso.providers.keys()],
    store:
      redis === undefined ? { kind: 'memory', isUp: true } : { kind: 'redis', isUp: redis.up, isReady: redis.ready },
    count: store.count() ?? null,
  };
}
