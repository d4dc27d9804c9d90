import { MOSTLY_AI } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

export const GUARDRAIL_FAILING: Scenario = {
  name: 'guardrail-failing',
  fault: 'The guardrail fails every check',
  traffic: { requests: MOSTLY_AI },
  inject: async ({ sandbox }) =>
    void (await sandbox.setFault('guardrail', { mode: 'fail', code: 'INTERNAL', ratio: 1 })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('guardrail', { mode: 'none' })),
  alerts: [
    { alert: 'GatewayGuardrailFailing', receiver: 'slack-backends' },
    { alert: 'GatewayCircuitStuckOpen', receiver: 'pagerduty-backends-oncall', labels: { upstream: 'guardrail' } },
  ],
};
