const WINDOW_MS = 60_000;
/** Fewer rejections per window are people leaving, not a lost store. */
const MIN_REJECTIONS = 10;
const MAX_SHARE = 0.5;

/** Counts of one window. */
export interface MassRejectionReport {
  readonly rejected: number;
  readonly checked: number;
}

/**
 * Detects that AuthService rejects most of the credentials that it had approved before, which usually means that it has
 * lost its store. It only reports: rejections take effect all the same.
 */
export class MassRejection {
  private windowEnd = -Infinity;
  private rejected = 0;
  private confirmed = 0;
  private reported = false;

  /** @param report is called at most once per window. */
  constructor(private readonly report: (report: MassRejectionReport) => void) {}

  /** Counts the validation of a credential that had been approved before. */
  record(approved: boolean, now: number): void {
    if (now >= this.windowEnd || this.windowEnd - now > WINDOW_MS) this.begin(now);
    if (approved) this.confirmed += 1;
    else this.rejected += 1;
    const checked = this.rejected + this.confirmed;
    if (this.reported || this.rejected < MIN_REJECTIONS || this.rejected / checked <= MAX_SHARE) return;
    this.reported = true;
    this.report({ rejected: this.rejected, checked });
  }

  private begin(now: number): void {
    this.windowEnd = now + WINDOW_MS;
    this.rejected = 0;
    this.confirmed = 0;
    this.reported = false;
  }
}
