import { ADDRESS, EVERYDAY } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

export const FLOOD: Scenario = {
  name: 'flood',
  fault: 'One address sends three times as many requests as it may',
  env: { GATEWAY_RATE_LIMIT_IP_RPS: '30', GATEWAY_RATE_LIMIT_IP_BURST: '30', GATEWAY_TRUSTED_PROXIES: '127.0.0.0/8' },
  inject: (site) => site.sendBesides({ requests: EVERYDAY.map((each) => ({ ...each, address: ADDRESS })), rate: 90 }),
  heal: (site) => site.sendNothingBesides(),
  alerts: [{ alert: 'GatewayRateLimitDenialSpike', receiver: 'slack-api-clients', labels: { scope: 'ip' } }],
};
