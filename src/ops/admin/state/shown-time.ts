/** Returns a moment as operators read it in logs (RFC 3339). */
export function shownTime(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/** Returns a time in ms with its microseconds. */
export function shownMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
