import type { Scenario } from './scenario.js';

export const AUTH_DOWN: Scenario = {
  name: 'auth-down',
  fault: 'AuthService refuses connections',
  inject: async ({ sandbox }) => void (await sandbox.setFault('auth', { mode: 'down' })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('auth', { mode: 'none' })),
  alerts: [{ alert: 'AuthServiceUnreachable', receiver: 'pagerduty-auth-oncall', labels: { upstream: 'auth' } }],
  silenced: ['HighHttp5xxErrorRate', 'GatewayElevatedErrorRate'],
};
