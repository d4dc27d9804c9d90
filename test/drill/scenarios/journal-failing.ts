import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MOSTLY_AI } from '../site/traffic.js';
import type { Scenario } from './scenario.js';

let journal = '';

export const JOURNAL_FAILING: Scenario = {
  name: 'journal-failing',
  fault: 'Something is in the way of the directory of usage events',
  traffic: { requests: MOSTLY_AI },
  prepare: ({ parts }) => {
    const directory = mkdtempSync(join(tmpdir(), 'drill-usage-'));
    parts.add({ close: () => rmSync(directory, { recursive: true, force: true }) });
    journal = join(directory, 'journal');
    return Promise.resolve({ GATEWAY_BUDGET_DEBIT_SHELF_DIR: journal });
  },
  inject: () => {
    rmSync(journal, { recursive: true });
    writeFileSync(journal, 'in the way');
    return Promise.resolve();
  },
  heal: () => Promise.resolve(rmSync(journal)),
  alerts: [{ alert: 'GatewayBudgetDebitJournalFailing', receiver: 'slack-infra-oncall' }],
};
