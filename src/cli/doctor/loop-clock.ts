const TICK_MS = 10;
/** A longer gap between two ticks is a pause of this process, and counts as this much. */
const MAX_GAP_MS = 25;

/** Measures time in which the event loop ran, so that a pause of this process does not make a peer look slow. */
export class LoopClock {
  private elapsedMs = 0;
  private lastAt = performance.now();
  private readonly timer = setInterval(() => this.tick(), TICK_MS);

  /** Ends the measurement. Returns ms. */
  stop(): number {
    clearInterval(this.timer);
    this.tick();
    return this.elapsedMs;
  }

  private tick(): void {
    const now = performance.now();
    this.elapsedMs += Math.min(now - this.lastAt, MAX_GAP_MS);
    this.lastAt = now;
  }
}
