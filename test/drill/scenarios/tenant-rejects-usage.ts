import { MOSTLY_AI } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

export const TENANT_REJECTS_USAGE: Scenario = {
  name: 'tenant-rejects-usage',
  fault: 'TenantService refuses usage events',
  traffic: { requests: MOSTLY_AI },
  inject: async ({ sandbox }) =>
    void (await sandbox.setFault('tenant', {
      mode: 'fail',
      code: 'PERMISSION_DENIED',
      ratio: 1,
      method: 'ReportUsage',
    })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('tenant', { mode: 'none' })),
  alerts: [{ alert: 'GatewayBudgetDebitRejected', receiver: 'pagerduty-backends-oncall' }],
};
