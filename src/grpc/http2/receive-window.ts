/**
 * What a peer may send before it is told to go on (RFC 9113, section 5.2). What arrives is held until it is let go, and
 * takes room in the window meanwhile: a reader that does not read stops its peer.
 */
export class ReceiveWindow {
  private left: number;
  private held = 0;
  /** At so much left, the peer is told of more. */
  private low: number;

  /** @param size that it grows to when it is first widened. */
  constructor(
    initial: number,
    private readonly size: number,
  ) {
    this.left = initial;
    this.low = initial / 2;
  }

  /** Takes bytes in. Returns false when the peer sent more than it may. */
  arrive(bytes: number): boolean {
    this.left -= bytes;
    this.held += bytes;
    return this.left >= 0;
  }

  /** Lets bytes go. Returns by how much to widen the window, 0 for not now. */
  release(bytes: number): number {
    this.held -= bytes;
    const increment = this.size - this.left - this.held;
    if (this.left > this.low || increment < this.low) return 0;
    this.left += increment;
    this.low = this.left / 2;
    return increment;
  }
}
