import { defaulted, optional, type SettingsOf } from '../setting.js';
import { text } from '../string-parsers.js';
import { bytes, count, duration } from '../unit-parsers.js';

const HOUR_MS = 3_600_000;

/** Settings of the outbox of usage events for TenantService. */
export const meteringSettings = {
  GATEWAY_BUDGET_DEBIT_CAPACITY: defaulted(count({ min: 1, max: 1_000_000 }), '10000', {
    description:
      'Maximum number of usage events in memory. Beyond it further events are kept in the journal on disk only or, without one, the oldest is dropped.',
  }),
  GATEWAY_BUDGET_DEBIT_BATCH_SIZE: defaulted(count({ min: 1, max: 1000 }), '500', {
    description: 'Maximum number of usage events per batch sent to TenantService.',
  }),
  GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL: defaulted(duration({ min: 10, max: HOUR_MS }), '1s', {
    description: 'Maximum wait before a batch that is not full is sent; also the first backoff after a failed one.',
  }),
  GATEWAY_BUDGET_DEBIT_MAX_BACKOFF: defaulted(duration({ min: 10, max: HOUR_MS }), '30s', {
    description: 'Maximum backoff between two attempts while TenantService does not accept events.',
  }),
  GATEWAY_BUDGET_DEBIT_RETRY_MAX: defaulted(count({ min: 1 }), '10', {
    description:
      'Consecutive failed attempts after which pending events are kept in the journal only. Without a journal they stay in memory.',
  }),
  GATEWAY_BUDGET_DEBIT_SHELF_DIR: optional(text, {
    description:
      'Directory of the journal, used by this instance only. Every event is written there before its call is answered, and is sent even after a crash. Unset: events are in memory only, and a crash loses those not yet sent.',
    example: '/var/lib/gateway/usage',
  }),
  GATEWAY_BUDGET_DEBIT_SHELF_BYTES: defaulted(bytes({ min: 1024 ** 2, max: 1024 ** 3 }), '64MiB', {
    description: 'Maximum size of that directory; beyond it the oldest sixteenth is dropped and counted.',
  }),
};

/** Maps the settings of the outbox of usage events. */
export function meteringOf(settings: SettingsOf<typeof meteringSettings>) {
  return {
    capacity: settings.GATEWAY_BUDGET_DEBIT_CAPACITY,
    batchSize: settings.GATEWAY_BUDGET_DEBIT_BATCH_SIZE,
    flushIntervalMs: settings.GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL,
    maxBackoffMs: settings.GATEWAY_BUDGET_DEBIT_MAX_BACKOFF,
    retryMax: settings.GATEWAY_BUDGET_DEBIT_RETRY_MAX,
    shelfDirectory: settings.GATEWAY_BUDGET_DEBIT_SHELF_DIR,
    shelfBytes: settings.GATEWAY_BUDGET_DEBIT_SHELF_BYTES,
  };
}

export type MeteringConfig = Readonly<ReturnType<typeof meteringOf>>;
