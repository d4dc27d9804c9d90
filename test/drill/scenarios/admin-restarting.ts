import { PLANTED } from './planted-faults.js';
import type { Scenario } from './scenario.js';

export const ADMIN_RESTARTING: Scenario = {
  name: 'admin-restarting',
  fault: 'The thread of the admin listener ends again and again',
  nodeArgs: PLANTED,
  inject: ({ pod }) => pod.plant('/end-admin'),
  heal: ({ pod }) => pod.plant('/stop'),
  alerts: [{ alert: 'GatewayAdminListenerRestarting', receiver: 'slack-infra-oncall' }],
};
