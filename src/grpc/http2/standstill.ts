/** A pause that a sound peer may make, in ms. */
const PATIENCE_MS = 1_000;

/** Tells a standstill from a pause: nothing has moved for a second, although something wanted to. */
export class Standstill {
  private since = 0;

  /**
   * Takes note of a call that waited in vain. Returns whether that is a standstill.
   * @param movedAt when anything last moved, in `performance.now()` ms.
   * @param waitedFrom since when the call waited, in the same ms.
   */
  isSeen(movedAt: number, waitedFrom: number): boolean {
    if (movedAt >= waitedFrom) return false;
    if (this.since <= movedAt) this.since = waitedFrom;
    return performance.now() - this.since >= PATIENCE_MS;
  }
}
