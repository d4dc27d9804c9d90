import { type CallEnd, speaksAgainstBackend } from '../grpc-failure.js';
import { GrpcStatus } from '../grpc-code.js';

/** Clocks of two machines tick apart, and each rounds: a peer may enforce the deadline so much before it, in ms. */
const MAX_CLOCK_ERROR_MS = 10;
/** Of a short call, only this share of its time counts as such an error. */
const CLOCK_ERROR_SHARE = 0.1;

/** The time of a call at the moment its peer ended it, in ms. */
export interface CallTime {
  /** What the peer was given in all. */
  readonly allottedMs: number;
  /** What is left of it; negative when the deadline has passed. */
  readonly remainingMs: number;
}

/**
 * Returns whether a peer that ended a call did so because of its deadline. Servers and proxies enforce `grpc-timeout`
 * in different ways: grpc-go resets the stream with CANCEL, grpc-js answers DEADLINE_EXCEEDED, others CANCELLED, and
 * Envoy UNAVAILABLE. At or after the deadline, any end that would otherwise be a fault of the backend is the deadline;
 * shortly before it, only what is used to enforce one.
 */
export function isDeadlineOfCall(end: CallEnd, { allottedMs, remainingMs }: CallTime, enforces: boolean): boolean {
  if (remainingMs <= 0) return speaksAgainstBackend(end);
  return enforces && remainingMs <= Math.min(MAX_CLOCK_ERROR_MS, allottedMs * CLOCK_ERROR_SHARE);
}

/** Returns whether a status is used to enforce deadlines. */
export function enforcesDeadline({ code }: CallEnd): boolean {
  return code === GrpcStatus.DEADLINE_EXCEEDED || code === GrpcStatus.CANCELLED;
}

/**
 * Returns whether the gateway stood still for most of the time that a call had.
 * @param stalledMs how long it stood still until now, in ms.
 */
export function isOwnPause(
  call: { readonly startedAt: number; readonly deadlineAt: number },
  stalledMs: number,
): boolean {
  const { deadlineAt, startedAt } = call;
  const lostMs = deadlineAt - Math.max(startedAt, performance.now() - stalledMs);
  return lostMs > (deadlineAt - startedAt) / 2;
}
