import type { Scenario } from './scenario.js';

export const CONTRACT_DRIFT: Scenario = {
  name: 'contract-drift',
  fault: 'UserService describes another contract than the mounted one',
  env: { GATEWAY_CONTRACT_DRIFT_INTERVAL: '1s' },
  inject: async ({ sandbox }) => void (await sandbox.setFault('user', { mode: 'drift' })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('user', { mode: 'none' })),
  alerts: [{ alert: 'GatewayContractDrift', receiver: 'slack-backends', labels: { upstream: 'user' } }],
};
