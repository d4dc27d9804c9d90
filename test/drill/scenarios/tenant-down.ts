import { MOSTLY_AI } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

export const TENANT_DOWN: Scenario = {
  name: 'tenant-down',
  fault: 'TenantService refuses connections, and the AI is used',
  env: { GATEWAY_BUDGET_DEBIT_CAPACITY: '100', GATEWAY_BUDGET_DEBIT_BATCH_SIZE: '10' },
  traffic: { requests: MOSTLY_AI },
  inject: async ({ sandbox }) => void (await sandbox.setFault('tenant', { mode: 'down' })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('tenant', { mode: 'none' })),
  alerts: [
    { alert: 'GatewayBudgetDebitFlushFailing', receiver: 'slack-backends' },
    { alert: 'GatewayBudgetDebitOutboxFilling', receiver: 'slack-backends', labels: { severity: 'ticket' } },
    { alert: 'GatewayBudgetDebitOutboxFilling', receiver: 'pagerduty-backends-oncall', labels: { severity: 'page' } },
    { alert: 'GatewayBudgetDebitDropped', receiver: 'slack-infra-oncall' },
  ],
  companions: { HighHttp5xxErrorRate: 'requests about tenants are answered 503' },
};
