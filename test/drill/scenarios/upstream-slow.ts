import type { Scenario } from './scenario.js';

export const UPSTREAM_SLOW: Scenario = {
  name: 'upstream-slow',
  fault: 'UserService takes 1.1 s for each call',
  inject: async ({ sandbox }) => void (await sandbox.setFault('user', { mode: 'slow', latencyMs: 550 })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('user', { mode: 'none' })),
  alerts: [
    { alert: 'HighApiLatency', receiver: 'slack-infra-oncall' },
    { alert: 'GatewayLatencyAboveBaseline', receiver: 'slack-infra-oncall' },
  ],
};
