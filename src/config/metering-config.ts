/** Outbox of usage events. */
export interface MeteringConfig {
  /** Maximum number of events in memory. */
  readonly capacity: number;
  readonly batchSize: number;
  readonly flushIntervalMs: number;
  readonly maxBackoffMs: number;
  /** Consecutive failed attempts after which events are kept in the journal only. */
  readonly retryMax: number;
  /** Undefined: events are kept in memory only. */
  readonly shelfDirectory: string | undefined;
  readonly shelfBytes: number;
}
