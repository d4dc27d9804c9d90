import { formatSize } from '../config/unit-parsers.js';
import { readJournal, type JournalReport } from '../metering/journal/journal-report.js';
import { EXIT_CONFIG, EXIT_UNAVAILABLE, formatTable, type Terminal } from './terminal.js';
import type { CliContext } from './cli-context.js';

export interface OutboxOptions {
  readonly json: boolean;
  /** Replaces GATEWAY_BUDGET_DEBIT_SHELF_DIR. */
  readonly directory: string | undefined;
}

/** Prints which usage events are in the journal, without locking it. Returns the exit code. */
export function reportOutbox(
  { inspection }: CliContext,
  terminal: Terminal,
  { json, directory }: OutboxOptions,
): number {
  const path = directory ?? inspection.settings.GATEWAY_BUDGET_DEBIT_SHELF_DIR;
  if (path === undefined) {
    terminal.err('GATEWAY_BUDGET_DEBIT_SHELF_DIR is not set: usage events are in memory only; see /metrics');
    return EXIT_CONFIG;
  }
  let report: JournalReport;
  try {
    report = readJournal(path);
  } catch (error) {
    terminal.err(`the journal ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT_UNAVAILABLE;
  }
  if (json) terminal.out(JSON.stringify(report, null, 2));
  else for (const line of describe(report, inspection.settings.GATEWAY_BUDGET_DEBIT_SHELF_BYTES)) terminal.out(line);
  return 0;
}

function describe(report: JournalReport, capacity: number | undefined): string[] {
  const { records, bytes, files, damaged, oldest, newest, tenants, otherTenants, isLocked } = report;
  const room = capacity === undefined ? '' : ` of ${formatSize(capacity)}`;
  const facts = [
    ['records', `${records} in ${files} files`],
    ['bytes', `${bytes}${room}`],
    ['oldest', oldest ?? 'none'],
    ['newest', newest ?? 'none'],
    ['damaged', `${damaged} unreadable lines`],
    [
      'in use',
      isLocked ? 'by a running gateway: events that it has sent meanwhile may still be here' : 'not by a gateway',
    ],
    [
      'evicted',
      'counted by the running gateway: gateway_budget_debit_outbox_dropped_total, and its line outbox_evicted with the window',
    ],
  ];
  const rows = tenants.map(({ tenantId, records: count, quantity, oldest: since }) => {
    return [tenantId, String(count), String(quantity), since];
  });
  if (otherTenants.tenants > 0) rows.push([`${otherTenants.tenants} others`, String(otherTenants.records), '', '']);
  const table = rows.length === 0 ? [] : ['', ...formatTable([['TENANT', 'RECORDS', 'QUANTITY', 'OLDEST'], ...rows])];
  return [...formatTable(facts), ...table];
}
