import { type DynamicModule, Module } from '@nestjs/common';
import { join } from 'node:path';
import type { MeteringConfig } from '../config/schema/metering-settings.js';
import type { WorkerPlace } from '../config/schema/worker-settings.js';
import { UsageSink } from '../domain/usage-sink.js';
import { DegradeFlags } from '../observe/degrade-flags.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { CallStack } from '../traffic/stack.js';
import { openJournal } from './journal/open-journal.js';
import { OutboxSignals } from './outbox-signals.js';
import { UsageClient } from './usage-client.js';
import { UsageOutbox } from './usage-outbox.js';
import { UsageReporter } from './usage-reporter.js';

/** Degradation that is reported while events are only in memory, where a crash would lose them. */
const JOURNAL = {
  component: 'usage_journal',
  cause: 'write',
  area: 'gateway',
  degraded: 'usage journal cannot be written',
  recovered: 'usage journal can be written again',
} as const;

/** Delivers usage events to TenantService. Provides the port {@link UsageSink}. */
@Module({})
export class MeteringModule {
  /**
   * Opens the journal immediately, so that an unusable directory stops the start with a ConfigError like any wrong
   * setting.
   */
  static create(settings: MeteringConfig, worker?: WorkerPlace): DynamicModule {
    const { capacity, shelfDirectory, shelfBytes } = settings;
    const journal =
      shelfDirectory === undefined ? undefined : openJournal(directoryOf(shelfDirectory, worker), shelfBytes);
    return {
      module: MeteringModule,
      global: true,
      providers: [
        {
          provide: OutboxSignals,
          inject: [GatewayMetrics, GATEWAY_LOGGER, DegradeFlags],
          useFactory: ({ outbox }: GatewayMetrics, { events }: GatewayLogger, flags: DegradeFlags) => {
            outbox.capacity.set(capacity);
            outbox.shelfCapacity.set(journal === undefined ? 0 : shelfBytes);
            return new OutboxSignals(outbox, events, flags.flag(JOURNAL));
          },
        },
        {
          provide: UsageOutbox,
          inject: [OutboxSignals],
          useFactory: (signals: OutboxSignals) => new UsageOutbox(capacity, signals, journal),
        },
        { provide: UsageSink, useExisting: UsageOutbox },
        {
          provide: UsageReporter,
          inject: [UsageOutbox, CallStack, OutboxSignals],
          useFactory: (outbox: UsageOutbox, stack: CallStack, signals: OutboxSignals) =>
            new UsageReporter(outbox, new UsageClient(stack), signals, settings),
        },
      ],
      exports: [UsageSink, UsageOutbox],
    };
  }
}

/** Returns the directory of a worker; the first worker uses that of a process without workers. */
function directoryOf(directory: string, worker: WorkerPlace | undefined): string {
  return worker === undefined || worker.number === 1 ? directory : join(directory, `worker-${worker.number}`);
}
