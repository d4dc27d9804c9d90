import { withTimeout } from '../domain/loop-timeout.js';
import type { DegradeFlag } from '../observe/degrade-flags.js';
import type { RedisFailure } from './redis-error.js';

/** Between two looks at a store that did not answer. */
const PROBE_MS = 500;

/**
 * Keeps requests from waiting for a store that has just failed. The store is looked at in the background meanwhile,
 * so that no request is spent on finding out whether it is back.
 */
export class StoreCircuit {
  private failure: string | undefined;
  /** Of the outage that lasts: when it began, in ms of `performance.now()`, and what resolves at its end. */
  private outage: { readonly since: number; readonly end: PromiseWithResolvers<void> } | undefined;
  private answered = false;
  private timer: NodeJS.Timeout | undefined;
  private probing = false;
  private stopped = false;

  constructor(
    private readonly probe: () => Promise<RedisFailure | undefined>,
    private readonly flag: DegradeFlag,
    private readonly onRecovery: () => void,
  ) {}

  /** Why the store is not asked at present; undefined while it is. */
  get reason(): string | undefined {
    return this.failure;
  }

  /** Whether a look has ever found that all is well. */
  get proven(): boolean {
    return this.answered;
  }

  /** Resolves to true once the store is asked again, and to false when it has been away for `ms`. */
  async recovered(ms: number): Promise<boolean> {
    if (this.outage === undefined) return true;
    const leftMs = this.outage.since + ms - performance.now();
    if (leftMs <= 0) return false;
    return withTimeout(leftMs, this.outage.end.promise).then(
      () => true,
      () => false,
    );
  }

  /** A command took too long. Others are sent on until a look finds that the store is down: one slow reply is not an outage. */
  suspect(): void {
    if (this.failure === undefined) void this.look();
  }

  /** A request, or the connection itself, failed. */
  trip(text: string): void {
    if (this.stopped || this.failure !== undefined) return;
    this.fail(text);
    void this.look();
  }

  /** Looks now. Undefined when all is well, and while another look is under way. */
  async look(): Promise<RedisFailure | undefined> {
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

  /** A single failure of ours to reach the store alarms nobody: the next look decides. */
  private settle(finding: RedisFailure | undefined): void {
    if (this.stopped) return;
    if (finding?.down === true) this.fail(finding.text);
    else this.recover();
    if (finding === undefined) {
      this.answered = true;
      return this.flag.lower();
    }
    if (finding.replied) this.flag.raise(finding.text);
    else this.flag.suspect(finding.text);
    if (finding.down) this.timer = setTimeout(() => void this.look(), PROBE_MS).unref();
  }

  private fail(text: string): void {
    this.failure = text;
    this.outage ??= { since: performance.now(), end: Promise.withResolvers() };
  }

  private recover(): void {
    this.failure = undefined;
    const { outage } = this;
    if (outage === undefined) return;
    this.outage = undefined;
    outage.end.resolve();
    this.onRecovery();
  }
}
