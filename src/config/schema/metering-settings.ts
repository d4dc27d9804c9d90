import { bytes, count, duration } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';
import { text } from '../string-parsers.js';

const HOUR_MS = 3_600_000;

/** The outbox of usage events, on their way to TenantService. */
export const meteringSettings = {
  GATEWAY_BUDGET_DEBIT_CAPACITY: defaulted(count({ min: 1, max: 1_000_000 }), '10000', {
    description:
      'Usage events that may wait in memory. Beyond it they are left to the shelf or, without one, the oldest is dropped.',
  }),
  GATEWAY_BUDGET_DEBIT_BATCH_SIZE: defaulted(count({ min: 1, max: 1000 }), '500', {
    description: 'Usage events sent to TenantService at once.',
  }),
  GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL: defaulted(duration({ min: 10, max: HOUR_MS }), '1s', {
    description: 'Longest wait until a batch that is not full is sent; also the first pause after one that failed.',
  }),
  GATEWAY_BUDGET_DEBIT_MAX_BACKOFF: defaulted(duration({ min: 10, max: HOUR_MS }), '30s', {
    description: 'Longest pause between two attempts while TenantService takes nothing.',
  }),
  GATEWAY_BUDGET_DEBIT_RETRY_MAX: defaulted(count({ min: 1 }), '10', {
    description:
      'Failed attempts in a row after which the events that wait are kept on the shelf alone. Without a shelf they stay in memory.',
  }),
  GATEWAY_BUDGET_DEBIT_SHELF_DIR: optional(text, {
    description:
      'Directory of this instance alone. Every event is written there before its call is answered, and sent after a crash too. Unset: events are in memory only, and a crash loses those not yet sent.',
    example: '/var/lib/gateway/usage',
  }),
  GATEWAY_BUDGET_DEBIT_SHELF_BYTES: defaulted(bytes({ min: 1024 ** 2, max: 1024 ** 3 }), '64MiB', {
    description: 'Most bytes in that directory; beyond it the oldest sixteenth is dropped and counted.',
  }),
};
