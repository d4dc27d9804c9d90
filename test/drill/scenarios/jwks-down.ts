import { PLANTED } from './planted-faults.js';
import { until } from '../until.js';
import type { Scenario } from './scenario.js';

export const JWKS_DOWN: Scenario = {
  name: 'jwks-down',
  fault: 'The keys of the issuer have not been fetched for an hour, by the clock of the gateway',
  env: { GATEWAY_JWKS_CACHE_TTL: '1s' },
  nodeArgs: PLANTED,
  inject: async (site) => {
    await site.pod.plant('/an-hour-ago');
    const age = 'time() - min(gateway_jwks_last_success_timestamp_seconds{job="api-gateway"}) > 3600';
    await until('keys were fetched an hour ago', async () => (await site.query(age)).length > 0);
    await site.sandbox.setFault('jwks', { mode: 'down' });
    await site.pod.plant('/now');
  },
  heal: async ({ sandbox }) => void (await sandbox.setFault('jwks', { mode: 'none' })),
  alerts: [{ alert: 'GatewayJwksStale', receiver: 'slack-auth' }],
};
