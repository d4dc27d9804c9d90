/** Formats a moment as in the log (RFC 3339). */
export function shownTime(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/** Rounds ms to the microsecond. */
export function shownMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
