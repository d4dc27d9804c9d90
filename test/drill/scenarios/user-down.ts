import type { Scenario } from './scenario.js';

export const USER_DOWN: Scenario = {
  name: 'user-down',
  fault: 'UserService refuses connections',
  inject: async ({ sandbox }) => void (await sandbox.setFault('user', { mode: 'down' })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('user', { mode: 'none' })),
  alerts: [
    { alert: 'HighHttp5xxErrorRate', receiver: 'pagerduty-apigateway-oncall' },
    { alert: 'GatewayCircuitOpen', receiver: 'slack-backends', labels: { upstream: 'user' } },
    { alert: 'GatewayUpstreamConnectionFailures', receiver: 'slack-backends', labels: { upstream: 'user' } },
  ],
  silenced: ['GatewayElevatedErrorRate', 'GatewayErrorBudgetBurn'],
};
