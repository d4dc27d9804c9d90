import type { CallEnd } from '../grpc-failure.js';
import type { Connection } from './connection.js';

/** Why a connection that is open should be replaced: it does not answer, or takes no requests. */
export type Suspicion = 'silent' | 'stuck';

/** What connections tell of themselves. */
export interface ConnectionOwner {
  /** The peer's SETTINGS are there: calls may be opened. */
  onReady(connection: Connection): void;
  /** No further calls; those in flight go on. */
  onDraining(connection: Connection): void;
  /** Nothing is told after it. @param end why, as calls are told. */
  onClosed(connection: Connection, end: CallEnd): void;
  /** So many of its calls were given up that the peer may soon hang up on it. */
  onResetBudgetExhausted(connection: Connection): void;
  /** It is open and carries nothing. */
  onSuspect(connection: Connection, reason: Suspicion): void;
  /** What a call proved of the backend behind it. */
  onOutcome(connection: Connection, success: boolean): void;
  /** There may be room for a call again. */
  onRoom(): void;
  /** The peer wants fewer pings. */
  onTooManyPings(): void;
}
