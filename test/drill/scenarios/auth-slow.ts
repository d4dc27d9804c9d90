import { WITH_KEYS } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

export const AUTH_SLOW: Scenario = {
  name: 'auth-slow',
  fault: 'AuthService takes 160 ms for each credential, and none is remembered',
  // Room for one of two keys that take turns: otherwise both are renewed in the background and nobody waits.
  env: { GATEWAY_AUTH_CACHE_L1_SIZE: '1' },
  traffic: { requests: WITH_KEYS },
  inject: async ({ sandbox }) => void (await sandbox.setFault('auth', { mode: 'slow', latencyMs: 80 })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('auth', { mode: 'none' })),
  alerts: [{ alert: 'GatewayAuthLatencyHigh', receiver: 'pagerduty-auth-oncall' }],
};
