import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MOSTLY_AI } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

export const TENANT_DOWN_JOURNAL: Scenario = {
  name: 'tenant-down-journal',
  fault: 'TenantService refuses connections, and usage events are written to disk',
  traffic: { requests: MOSTLY_AI },
  prepare: ({ parts }) => {
    const directory = mkdtempSync(join(tmpdir(), 'drill-usage-'));
    parts.add({ close: () => rmSync(directory, { recursive: true, force: true }) });
    return Promise.resolve({ GATEWAY_BUDGET_DEBIT_SHELF_DIR: directory });
  },
  inject: async ({ sandbox }) => void (await sandbox.setFault('tenant', { mode: 'down' })),
  heal: async ({ sandbox }) => void (await sandbox.setFault('tenant', { mode: 'none' })),
  alerts: [{ alert: 'GatewayBudgetDebitFlushFailing', receiver: 'slack-backends' }],
  companions: { HighHttp5xxErrorRate: 'requests about tenants are answered 503' },
};
