import { EVERYDAY } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

const OF_ONE_TENANT = EVERYDAY.filter(({ user }) => user?.endsWith('@acme.test') === true);

export const TENANT_FLOOD: Scenario = {
  name: 'tenant-flood',
  fault: 'One tenant sends three times as many requests as it may',
  env: { RATE_LIMIT_RPS: '20', RATE_LIMIT_BURST: '20' },
  redis: true,
  inject: (site) => site.sendBesides({ requests: OF_ONE_TENANT, rate: 60 }),
  heal: (site) => site.sendNothingBesides(),
  alerts: [{ alert: 'GatewayRateLimitDenialSpike', receiver: 'slack-api-clients', labels: { scope: 'tenant' } }],
};
