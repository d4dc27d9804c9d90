import type { Scenario } from './scenario.js';

export const CLOCK_SKEWED: Scenario = {
  name: 'clock-skewed',
  fault: 'The clock of the issuer is a minute ahead',
  env: { GATEWAY_JWKS_CACHE_TTL: '1s' },
  inject: async ({ sandbox }) => void (await sandbox.setFault('jwks', { mode: 'skew', skewMs: 60_000 })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('jwks', { mode: 'none' })),
  alerts: [{ alert: 'GatewayClockSkew', receiver: 'slack-auth' }],
};
