import type { DegradeFlag } from '../observe/degrade-flags.js';

/** Between two looks at a store that did not answer. */
const PROBE_MS = 500;

/** What a look at the store found: undefined when all is well. */
export interface ProbeFinding {
  readonly text: string;
  readonly down: boolean;
}

/**
 * Keeps requests from waiting for a store that has just failed. The store is looked at in the background meanwhile,
 * so that no request is spent on finding out whether it is back.
 */
export class StoreCircuit {
  private failure: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private probing = false;
  private stopped = false;

  constructor(
    private readonly probe: () => Promise<ProbeFinding | undefined>,
    private readonly flag: DegradeFlag,
  ) {}

  /** Why the store is not asked at present; undefined while it is. */
  get reason(): string | undefined {
    return this.failure;
  }

  /** A request, or the connection itself, failed. */
  trip(text: string): void {
    if (this.stopped || this.failure !== undefined) return;
    this.failure = text;
    void this.look();
  }

  /** Looks now. A single failure that is over by then alarms nobody. */
  async look(): Promise<ProbeFinding | undefined> {
    if (this.stopped || this.probing) return undefined;
    this.probing = true;
    clearTimeout(this.timer);
    const finding = await this.probe();
    this.probing = false;
    this.settle(finding);
    return finding;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private settle(finding: ProbeFinding | undefined): void {
    if (this.stopped) return;
    this.failure = finding?.down === true ? finding.text : undefined;
    if (finding === undefined) return this.flag.lower();
    this.flag.raise(finding.text);
    if (finding.down) this.timer = setTimeout(() => void this.look(), PROBE_MS).unref();
  }
}
