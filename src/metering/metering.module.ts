import { Global, Module } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { UsageSink } from '../domain/usage-sink.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { CallStack } from '../traffic/stack.js';
import { OutboxSignals } from './outbox-signals.js';
import { openShelf } from './shelf/open-shelf.js';
import { UsageClient } from './usage-client.js';
import { UsageOutbox } from './usage-outbox.js';
import { UsageReporter } from './usage-reporter.js';

/** Usage events on their way to TenantService. Fills the port {@link UsageSink}. */
@Global()
@Module({
  providers: [
    {
      provide: OutboxSignals,
      inject: [GatewayMetrics, GATEWAY_LOGGER],
      useFactory: ({ outbox }: GatewayMetrics, { events }: GatewayLogger) => new OutboxSignals(outbox, events),
    },
    {
      provide: UsageOutbox,
      inject: [GATEWAY_CONFIG, GatewayMetrics, OutboxSignals],
      useFactory: ({ metering }: GatewayConfig, { outbox }: GatewayMetrics, signals: OutboxSignals) => {
        const { capacity, shelfDirectory, shelfBytes } = metering;
        outbox.capacity.set(capacity);
        const shelf = shelfDirectory === undefined ? undefined : openShelf(shelfDirectory, shelfBytes);
        return new UsageOutbox(capacity, signals, shelf);
      },
    },
    { provide: UsageSink, useExisting: UsageOutbox },
    {
      provide: UsageReporter,
      inject: [UsageOutbox, CallStack, OutboxSignals, GATEWAY_CONFIG],
      useFactory: (outbox: UsageOutbox, stack: CallStack, signals: OutboxSignals, { metering }: GatewayConfig) =>
        new UsageReporter(outbox, new UsageClient(stack), signals, metering),
    },
  ],
  exports: [UsageSink],
})
export class MeteringModule {}
