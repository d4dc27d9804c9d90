import type { Scenario } from './scenario.js';

/** Addresses from which a request comes. */
const requests = Array.from({ length: 250 }, (_none, n) => ({ path: '/openapi.json', address: `198.51.100.${n}` }));

export const MANY_TENANTS: Scenario = {
  name: 'many-tenants',
  fault: 'Requests come from more addresses than there are buckets for',
  env: {
    GATEWAY_RATE_LIMIT_MAX_KEYS: '100',
    GATEWAY_RATE_LIMIT_IDLE: '5s',
    GATEWAY_RATE_LIMIT_CLEANUP_INTERVAL: '2s',
    GATEWAY_TRUSTED_PROXIES: '127.0.0.0/8',
  },
  inject: (site) => site.sendBesides({ requests, rate: 60 }),
  heal: (site) => site.sendNothingBesides(),
  alerts: [{ alert: 'GatewayRateLimiterGrowth', receiver: 'slack-infra-oncall', labels: { scope: 'ip' } }],
};
