/** Grows by as much each time (gRPC connection back-off protocol). */
const FACTOR = 1.6;
/** Varies each pause by up to a fifth, so that gateways do not all reconnect at the same time. */
const JITTER = 0.2;

/** The pauses between attempts to connect. */
export class Backoff {
  private nextMs: number;

  constructor(
    private readonly initialMs: number,
    private readonly maxMs: number,
    private readonly random: () => number = Math.random,
  ) {
    this.nextMs = initialMs;
  }

  /** The pause after a failure, in ms. */
  next(): number {
    const pause = this.nextMs;
    this.nextMs = Math.min(pause * FACTOR, this.maxMs);
    return Math.min(pause, this.maxMs) * (1 + JITTER * (2 * this.random() - 1));
  }

  reset(): void {
    this.nextMs = this.initialMs;
  }
}
