import type { Scenario } from './scenario.js';

export const HEALTHY: Scenario = {
  name: 'healthy',
  fault: 'none',
  inject: () => Promise.resolve(),
  heal: () => Promise.resolve(),
  alerts: [{ alert: 'Watchdog', receiver: 'dead-mans-switch', isConstant: true }],
};
