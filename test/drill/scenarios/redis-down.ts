import type { Scenario } from './scenario.js';

export const REDIS_DOWN: Scenario = {
  name: 'redis-down',
  fault: 'Redis refuses connections',
  redis: true,
  inject: async ({ sandbox }) => void (await sandbox.setFault('redis', { mode: 'down' })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('redis', { mode: 'none' })),
  alerts: [{ alert: 'GatewayDegraded', receiver: 'slack-infra-oncall' }],
};
