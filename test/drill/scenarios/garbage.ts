import { PLANTED } from './planted-faults.js';
import type { Scenario } from './scenario.js';

export const GARBAGE: Scenario = {
  name: 'garbage',
  fault: 'Code of the gateway makes garbage without end',
  nodeArgs: PLANTED,
  inject: ({ pod }) => pod.plant('/garbage'),
  heal: ({ pod }) => pod.plant('/stop'),
  alerts: [{ alert: 'GatewayGcPressure', receiver: 'slack-infra-oncall' }],
};
