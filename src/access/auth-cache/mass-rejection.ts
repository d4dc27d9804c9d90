const WINDOW_MS = 60_000;
/** Fewer than this are people leaving, not a store that was lost. */
const MIN_REJECTIONS = 10;
const MAX_SHARE = 0.5;

/** What was seen within one window. */
export interface MassRejectionReport {
  readonly rejected: number;
  readonly checked: number;
}

/**
 * Notices when AuthService turns down most of the credentials that it had approved before: it has probably lost its
 * store. It only tells; a rejection is followed all the same.
 */
export class MassRejection {
  private windowEnd = -Infinity;
  private rejected = 0;
  private confirmed = 0;
  private told = false;

  /** @param tell called once a window. */
  constructor(private readonly tell: (report: MassRejectionReport) => void) {}

  /** A credential that had been approved was judged again. */
  judged(approved: boolean, now: number): void {
    if (now >= this.windowEnd || this.windowEnd - now > WINDOW_MS) this.begin(now);
    if (approved) this.confirmed += 1;
    else this.rejected += 1;
    const checked = this.rejected + this.confirmed;
    if (this.told || this.rejected < MIN_REJECTIONS || this.rejected / checked <= MAX_SHARE) return;
    this.told = true;
    this.tell({ rejected: this.rejected, checked });
  }

  private begin(now: number): void {
    this.windowEnd = now + WINDOW_MS;
    this.rejected = 0;
    this.confirmed = 0;
    this.told = false;
  }
}
