/** The outbox of usage events. */
export interface MeteringConfig {
  /** Events in memory. */
  readonly capacity: number;
  readonly batchSize: number;
  readonly flushIntervalMs: number;
  readonly maxBackoffMs: number;
  /** Failed attempts in a row before memory is given back. */
  readonly retryMax: number;
  /** Undefined: events are kept in memory only. */
  readonly shelfDirectory: string | undefined;
  readonly shelfBytes: number;
}
