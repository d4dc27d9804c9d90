import { ConnectionError, ErrorCode } from './frames.js';

/** So many frames in a row may bring no call forward; as many again are allowed with time. */
const CAPACITY = 10_000;
const REFILL_PER_MS = 1;
/** Credit for each frame of progress: peers acknowledge, ping and widen windows as calls go on. */
const EARNED = 8;
/** Credit for a stream that was reset: a window of data, headers and trailers were under way. */
const RESET_STREAM = 64;

/** Costs of frames that bring no call forward, by the work that they make. */
export const FrameCost = {
  /** PRIORITY, RST_STREAM, WINDOW_UPDATE, PING, CONTINUATION, empty DATA, and frames of streams that are over. */
  PLAIN: 1,
  /** Many values, and an answer. */
  SETTINGS: 20,
  /** A header block to decode for nothing: 1xx, and blocks of streams that are over. */
  HEADERS: 20,
  /** Looks at every open stream. */
  GOAWAY: 100,
} as const;

/**
 * Bounds the work that a peer can make without bringing a call forward: floods of empty DATA, 1xx, PING, SETTINGS,
 * PRIORITY, WINDOW_UPDATE, RST_STREAM and CONTINUATION frames (CVE-2019-9512, 9514, 9515 and 9518, CVE-2023-44487,
 * CVE-2024-27316).
 */
export class FrameBudget {
  private left = CAPACITY;
  private refilledAt = 0;

  /** Throws ConnectionError when nothing is left. */
  spend(cost: number): void {
    this.left -= cost;
    if (this.left < 0) this.refill();
  }

  /** Takes note that a call went forward. */
  earn(): void {
    if (this.left < CAPACITY) this.left += EARNED;
  }

  /** Allows for the frames of a stream that this side reset: the peer does not know yet. */
  expectRest(): void {
    this.left += RESET_STREAM;
  }

  /** Reads the clock only when the credit is spent. */
  private refill(): void {
    const now = performance.now();
    this.left = Math.min(this.left + (now - this.refilledAt) * REFILL_PER_MS, CAPACITY);
    this.refilledAt = now;
    if (this.left < 0) throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too many frames without progress');
  }
}
