import { PLANTED } from './planted-faults.js';
import { OVERLOAD } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

export const EVENT_LOOP_BLOCKED: Scenario = {
  name: 'event-loop-blocked',
  fault: 'Code of the gateway blocks its event loop for 150 of 200 ms, and the AI is used',
  nodeArgs: PLANTED,
  traffic: { requests: OVERLOAD, rate: 60 },
  inject: ({ pod }) => pod.plant('/blocks'),
  heal: ({ pod }) => pod.plant('/stop'),
  alerts: [
    { alert: 'GatewayEventLoopBlocked', receiver: 'slack-infra-oncall' },
    { alert: 'GatewayLoadShedding', receiver: 'slack-infra-oncall' },
  ],
  companions: {
    HighHttp5xxErrorRate: 'requests may pass their deadlines',
    GatewayErrorBudgetBurn: 'requests may pass their deadlines',
  },
};
