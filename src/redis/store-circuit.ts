import { withTimeout } from '../domain/loop-timeout.js';
import type { DegradeFlag } from '../observe/degrade-flags.js';
import type { RedisFailure } from './redis-error.js';

/** Interval between two probes of a store that is down, in ms. */
const PROBE_MS = 500;

/**
 * Circuit breaker of the store: requests do not wait for a store that has just failed. It is probed in the background,
 * so that no request is spent on finding out whether it is back.
 */
export class StoreCircuit {
  private failure: string | undefined;
  /** Outage in progress: its beginning in ms of `performance.now()`, and a promise that resolves at its end. */
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

  /** Reason for which the store is not used at present; undefined while it is. */
  get reason(): string | undefined {
    return this.failure;
  }

  /** True once a probe has succeeded. */
  get proven(): boolean {
    return this.answered;
  }

  /** Resolves to true once the store is used again, and to false when it has been down for `ms`. */
  async recovered(ms: number): Promise<boolean> {
    if (this.outage === undefined) return true;
    const leftMs = this.outage.since + ms - performance.now();
    if (leftMs <= 0) return false;
    return withTimeout(leftMs, this.outage.end.promise).then(
      () => true,
      () => false,
    );
  }

  /**
   * Reports a command that took too long. Commands are still sent until a probe fails: one slow reply is not an outage.
   */
  suspect(): void {
    if (this.failure === undefined) void this.look();
  }

  /** Reports a failed request or connection. */
  trip(text: string): void {
    if (this.stopped || this.failure !== undefined) return;
    this.fail(text);
    void this.look();
  }

  /** Probes the store now. Resolves to undefined on success, and while another probe is in progress. */
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

  /** Applies the result of a probe. A single failure to reach the store raises no alert: the next probe decides. */
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
