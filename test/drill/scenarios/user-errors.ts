import type { Scenario } from './scenario.js';

export const USER_ERRORS: Scenario = {
  name: 'user-errors',
  fault: 'One in fifteen calls to UserService fails',
  inject: async ({ sandbox }) =>
    void (await sandbox.setFault('user', { mode: 'fail', code: 'INTERNAL', ratio: 1 / 15 })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('user', { mode: 'none' })),
  alerts: [
    { alert: 'GatewayElevatedErrorRate', receiver: 'slack-infra-oncall' },
    { alert: 'GatewayErrorBudgetBurn', receiver: 'pagerduty-apigateway-oncall', labels: { long: '1h' } },
  ],
  silenced: ['GatewayElevatedErrorRate'],
  companions: { HighHttp5xxErrorRate: 'the dice may have more than 5 % fail for a moment' },
};
