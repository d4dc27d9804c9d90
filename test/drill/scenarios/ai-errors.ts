import { MOSTLY_AI } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

export const AI_ERRORS: Scenario = {
  name: 'ai-errors',
  fault: 'AIService fails every call and passes its health check',
  traffic: { requests: MOSTLY_AI },
  inject: async ({ sandbox }) => void (await sandbox.setFault('ai', { mode: 'fail', code: 'UNAVAILABLE', ratio: 1 })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('ai', { mode: 'none' })),
  alerts: [
    { alert: 'HighAiServiceErrorRate', receiver: 'slack-backends' },
    { alert: 'GatewayCircuitOpen', receiver: 'slack-backends', labels: { upstream: 'ai' } },
    { alert: 'GatewayCircuitStuckOpen', receiver: 'pagerduty-backends-oncall', labels: { upstream: 'ai' } },
  ],
};
