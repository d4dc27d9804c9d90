import { Counter, Gauge, type Registry } from 'prom-client';

/** Metrics of the usage outbox. They have no labels and begin at 0. */
export class OutboxMetrics {
  readonly depth: Gauge;
  readonly capacity: Gauge;
  readonly flushFailures: Counter;
  readonly rejected: Counter;
  readonly dropped: Counter;
  readonly shelfBytes: Gauge;
  readonly shelfCapacity: Gauge;
  readonly unsaved: Gauge;
  readonly writeFailures: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    const name = (suffix: string) => `gateway_budget_debit_outbox_${suffix}`;
    this.depth = new Gauge({ name: name('depth'), help: 'Usage events that wait in memory.', registers });
    this.capacity = new Gauge({
      name: name('capacity'),
      help: 'Maximum number of usage events that wait in memory.',
      registers,
    });
    this.flushFailures = new Counter({
      name: name('flush_failures_total'),
      help: 'Batches of usage events that TenantService did not accept; they are sent again.',
      registers,
    });
    this.rejected = new Counter({
      name: name('4xx_drops_total'),
      help: 'Usage events lost because TenantService refused them.',
      registers,
    });
    this.dropped = new Counter({
      name: name('dropped_total'),
      help: 'Usage events lost because the outbox was full or the journal unreadable.',
      registers,
    });
    this.shelfBytes = new Gauge({ name: name('shelf_bytes'), help: 'Bytes of usage events on disk.', registers });
    this.shelfCapacity = new Gauge({
      name: name('shelf_capacity_bytes'),
      help: 'Maximum bytes of usage events on disk; 0 without a journal.',
      registers,
    });
    this.unsaved = new Gauge({
      name: name('unsaved'),
      help: 'Usage events that are in memory only because the journal could not be written: a crash loses them.',
      registers,
    });
    this.writeFailures = new Counter({
      name: name('journal_write_failures_total'),
      help: 'Failed writes of usage events to the journal.',
      registers,
    });
  }
}
