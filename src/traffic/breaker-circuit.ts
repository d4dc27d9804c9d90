import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import type { CircuitConfig } from '../config/gateway-config.js';

export type CircuitState = 'closed' | 'open' | 'half_open';

/** What a call tells of its backend. An aborted one tells nothing: neither that it works nor that it does not. */
export type Verdict = 'success' | 'failure' | 'nothing';

/** What an operator wants to know of a circuit. Times are in ms from now. */
export interface CircuitReport {
  readonly state: CircuitState;
  /** Since it is in that state. */
  readonly forMs: number;
  /** Until calls may try it again; undefined unless it is open, and while it is held. */
  readonly nextTryInMs: number | undefined;
  /** Opened by hand: it stays so until it is closed or reset by hand. */
  readonly held: boolean;
}

/** Time and chance, which tests bring their own of. */
export interface CircuitClock {
  /** Monotonic, in ms. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
}

/** The window moves in steps of one of these. */
const BUCKETS = 10;
const JITTER = 0.1;
/** What {@link Circuit.enter} answers when it lets nobody in. */
export const REFUSED = 0;

const PROCESS_CLOCK: CircuitClock = { now: () => performance.now(), random: () => Math.random() };

/**
 * One circuit on opossum, which keeps the counts, the threshold and the states; everything else of it is left out,
 * because it does harm here (ADR 0015). Calls never run inside of it: it is told how they ended. So what is under way
 * does not dilute the error rate, a full bulkhead or a client that left cannot open or close it, and the result of a
 * call begun before the last change of state is ignored.
 */
export class Circuit {
  private readonly breaker: CircuitBreaker<[unknown], never>;
  private readonly options: CircuitBreaker.Options<[unknown]> & { resetTimeout: number };
  private readonly rotation = new EventEmitter();
  private readonly bucketMs: number;
  private current: CircuitState = 'closed';
  /** Counts changes of state: a result counts only in the one its call was let in. */
  private generation = 1;
  private probes = 0;
  private probesSucceeded = 0;
  private failedTries = 0;
  private failuresInARow = 0;
  private rotatedAt: number;
  private reopensAt = 0;
  private heldOpen = false;
  private changedAt: number;

  constructor(
    private readonly settings: CircuitConfig,
    private readonly onChange: (to: CircuitState) => void = () => undefined,
    private readonly clock: CircuitClock = PROCESS_CLOCK,
  ) {
    this.bucketMs = settings.windowMs / BUCKETS;
    this.rotatedAt = clock.now();
    this.changedAt = this.rotatedAt;
    // An object of its own for each breaker: opossum keeps and changes what it is given.
    this.options = {
      timeout: false,
      resetTimeout: this.pauseMs(),
      // opossum opens above its threshold, the setting says "at".
      errorThresholdPercentage: settings.errorPercent - 1e-9,
      volumeThreshold: settings.errorPercent === 0 ? Number.MAX_SAFE_INTEGER : settings.minRequests,
      rollingCountTimeout: settings.windowMs,
      rollingCountBuckets: BUCKETS,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.rotation,
    };
    this.breaker = new CircuitBreaker(rethrow, this.options);
    this.breaker.on('open', () => this.onOpen());
    this.breaker.on('halfOpen', () => this.onHalfOpen());
    this.breaker.on('close', () => this.onClose());
  }

  get state(): CircuitState {
    return this.current;
  }

  /** Whether {@link enter} would let a call in. */
  get admits(): boolean {
    if (this.current === 'closed') return true;
    return this.current === 'half_open' && this.probes + this.probesSucceeded < this.settings.halfOpenMax;
  }

  /** Until a call may be worth another try, in ms. */
  get retryAfterMs(): number {
    return this.current === 'open' ? Math.max(this.reopensAt - this.clock.now(), 0) : 0;
  }

  report(): CircuitReport {
    return {
      state: this.current,
      forMs: this.clock.now() - this.changedAt,
      nextTryInMs: this.current === 'open' && !this.heldOpen ? this.retryAfterMs : undefined,
      held: this.heldOpen,
    };
  }

  /** Lets a call in and answers the ticket to {@link leave} with, or REFUSED. Whoever got one must leave, once. */
  enter(): number {
    if (this.current === 'closed') return this.generation;
    if (!this.admits) return REFUSED;
    this.probes += 1;
    return this.generation;
  }

  /** Returns a ticket taken earlier if the state is still the one it was taken in; otherwise it is as {@link enter}. */
  reenter(ticket: number): number {
    return ticket === this.generation ? ticket : this.enter();
  }

  leave(ticket: number, verdict: Verdict): void {
    if (ticket !== this.generation) return;
    if (this.current === 'half_open') this.settleProbe(verdict);
    else if (verdict !== 'nothing') this.count(verdict);
  }

  /** Opens it and keeps it open until it is closed by hand. */
  open(): void {
    this.heldOpen = true;
    this.breaker.open();
  }

  /** Closes it, whatever the backend does. */
  close(): void {
    this.heldOpen = false;
    this.breaker.close();
  }

  /** Closes it and forgets all that was counted. */
  reset(): void {
    this.close();
    this.forget();
  }

  /** Ends its timer. */
  shutdown(): void {
    this.breaker.shutdown();
  }

  private count(verdict: 'success' | 'failure'): void {
    this.rotate();
    if (verdict === 'success') {
      this.failuresInARow = 0;
      // A call that opossum need not run: only the denominator of the error rate.
      this.breaker.emit('fire');
      return;
    }
    this.failuresInARow += 1;
    this.breaker.fire(verdict).catch(ignore);
    const { consecutiveErrors } = this.settings;
    if (consecutiveErrors > 0 && this.failuresInARow >= consecutiveErrors) this.breaker.open();
  }

  private settleProbe(verdict: Verdict): void {
    this.probes -= 1;
    if (verdict === 'nothing') return;
    if (verdict === 'failure') return this.breaker.open();
    this.probesSucceeded += 1;
    if (this.probesSucceeded >= this.settings.halfOpenMax) this.breaker.close();
  }

  private onOpen(): void {
    this.reopensAt = this.clock.now() + this.options.resetTimeout;
    // The timer of this pause runs already; this is for the next one.
    this.failedTries += 1;
    this.options.resetTimeout = this.pauseMs();
    this.change('open');
  }

  private onHalfOpen(): void {
    if (this.heldOpen) return this.breaker.open();
    this.change('half_open');
  }

  private onClose(): void {
    this.forget();
    this.change('closed');
  }

  private change(to: CircuitState): void {
    if (this.current === to) return;
    this.current = to;
    this.changedAt = this.clock.now();
    this.generation += 1;
    this.probes = 0;
    this.probesSucceeded = 0;
    this.onChange(to);
  }

  /** Doubles with each try that failed, and differs a little, so that instances do not try all at once. */
  private pauseMs(): number {
    const { openMs, maxOpenMs } = this.settings;
    const pause = Math.min(openMs * 2 ** Math.min(this.failedTries, 20), maxOpenMs);
    return Math.round(pause * (1 - JITTER + 2 * JITTER * this.clock.random()));
  }

  /** What was counted before the circuit opened must not open it again as soon as it is closed. */
  private forget(): void {
    this.failedTries = 0;
    this.failuresInARow = 0;
    this.options.resetTimeout = this.pauseMs();
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.rotation.emit('rotate');
  }

  /** Moves the window to now; without calls it need not move. */
  private rotate(): void {
    const steps = Math.floor((this.clock.now() - this.rotatedAt) / this.bucketMs);
    if (steps === 0) return;
    this.rotatedAt += steps * this.bucketMs;
    for (let step = 0; step < Math.min(steps, BUCKETS); step++) this.rotation.emit('rotate');
  }
}

/** Throws at once, so that opossum has counted a failure, and opened if need be, before `fire` returns. */
function rethrow(failure: unknown): never {
  throw failure;
}

function ignore(): void {
  // Each failure has its own error on its own way to the client.
}
