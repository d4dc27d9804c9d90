import { Backoff } from './backoff.js';

/** So many faults in a row speak against an address (Envoy's consecutive errors); one sound answer clears it. */
const FAULTS_IN_A_ROW = 5;
const FIRST_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 300_000;

/** Keeps an address from calls for a while, longer each time, when what comes from it fails again and again. */
export class Ejection {
  isActive = false;
  private readonly pauses: Backoff;
  private faults = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly onOver: () => void,
    random?: () => number,
  ) {
    this.pauses = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS, random);
  }

  /** Takes the outcome of a call. Returns whether it is time to eject; what was begun before that counts no more. */
  recordOutcome(success: boolean): boolean {
    if (this.isActive) return false;
    if (!success) return ++this.faults >= FAULTS_IN_A_ROW;
    if (this.faults > 0) this.faults = 0;
    else this.pauses.reset();
    return false;
  }

  begin(): void {
    this.isActive = true;
    this.faults = 0;
    this.timer = setTimeout(() => this.end(), this.pauses.next()).unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private end(): void {
    this.isActive = false;
    this.onOver();
  }
}
