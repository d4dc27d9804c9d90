import { WITH_KEYS } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

export const AUTH_FAILING: Scenario = {
  name: 'auth-failing',
  fault: 'AuthService answers no question about credentials for longer than the grace, and signs people in',
  env: { GATEWAY_AUTH_CACHE_TTL: '1s', GATEWAY_AUTH_CACHE_HARD_GRACE: '5s', GATEWAY_AUTH_CACHE_SOFT_BUMP: '1s' },
  traffic: { requests: WITH_KEYS },
  inject: async ({ sandbox }) =>
    void (await sandbox.setFault('auth', { mode: 'fail', code: 'INTERNAL', ratio: 1, method: 'ValidateCredential' })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('auth', { mode: 'none' })),
  alerts: [
    { alert: 'GatewayAuthCacheHardEvict', receiver: 'pagerduty-auth-oncall' },
    { alert: 'GatewayDegraded', receiver: 'slack-infra-oncall', labels: { component: 'auth_cache' } },
  ],
  companions: { HighHttp5xxErrorRate: 'requests with credentials that are no longer known are answered 503' },
};
