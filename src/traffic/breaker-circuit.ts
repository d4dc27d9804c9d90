import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import type { CircuitConfig } from '../config/schema/circuit-settings.js';

export type CircuitState = 'closed' | 'open' | 'half_open';

/** Outcome of a call for the circuit of its backend. An aborted call is neither a success nor a failure. */
export type Verdict = 'success' | 'failure' | 'nothing';

/** State of a circuit for operators. Times are in ms from now. */
export interface CircuitReport {
  readonly state: CircuitState;
  /** How long it has been in this state. */
  readonly forMs: number;
  /** Time until calls may try it again; undefined unless it is open, and while it is held open. */
  readonly nextTryInMs: number | undefined;
  /** True while it is opened by hand: it stays open until it is closed or reset by hand. */
  readonly held: boolean;
}

/** Sources of time and randomness; tests inject their own. */
export interface CircuitClock {
  /** Monotonic, in ms. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
}

/** Number of steps in which the window moves. */
const BUCKETS = 10;
const JITTER = 0.1;
/** Value that {@link Circuit.enter} returns when it refuses a call. */
export const REFUSED = 0;

const PROCESS_CLOCK: CircuitClock = { now: () => performance.now(), random: () => Math.random() };

/**
 * A circuit breaker on top of opossum, which keeps the counts, the threshold and the states; none of its other
 * features are used, for the reasons in ADR 0015. Calls do not run inside opossum; only their outcomes are recorded.
 * So calls in progress do not dilute the error rate, a full bulkhead or a client that left can neither open nor close
 * the circuit, and the outcome of a call that began before the last change of state is ignored.
 */
export class Circuit {
  private readonly breaker: CircuitBreaker<[unknown], never>;
  private readonly options: CircuitBreaker.Options<[unknown]> & { resetTimeout: number };
  private readonly rotation = new EventEmitter();
  private readonly bucketMs: number;
  private current: CircuitState = 'closed';
  /** Number of the current state: an outcome counts only if its call was admitted in the same state. */
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
    // Each breaker gets its own object: opossum keeps and changes it.
    this.options = {
      timeout: false,
      resetTimeout: this.pauseMs(),
      // opossum opens above its threshold; the setting means "at or above".
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

  /** True while {@link enter} would admit a call. */
  get admits(): boolean {
    if (this.current === 'closed') return true;
    return this.current === 'half_open' && this.probes + this.probesSucceeded < this.settings.halfOpenMax;
  }

  /** Time until a retry may be admitted, in ms. */
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

  /**
   * Admits a call and returns the ticket for {@link leave}, or REFUSED. Each ticket must be returned exactly once.
   */
  enter(): number {
    if (this.current === 'closed') return this.generation;
    if (!this.admits) return REFUSED;
    this.probes += 1;
    return this.generation;
  }

  /**
   * Returns the given ticket if the circuit is still in the state it was issued in; otherwise behaves like {@link
   * enter}.
   */
  reenter(ticket: number): number {
    return ticket === this.generation ? ticket : this.enter();
  }

  leave(ticket: number, verdict: Verdict): void {
    if (ticket !== this.generation) return;
    if (this.current === 'half_open') this.settleProbe(verdict);
    else if (verdict !== 'nothing') this.count(verdict);
  }

  /** Opens the circuit and keeps it open until it is closed by hand. */
  open(): void {
    this.heldOpen = true;
    this.breaker.open();
  }

  /** Closes the circuit, whatever the backend does. */
  close(): void {
    this.heldOpen = false;
    this.breaker.close();
  }

  /** Closes the circuit and clears its counts. */
  reset(): void {
    this.close();
    this.forget();
  }

  /** Stops its timer. */
  shutdown(): void {
    this.breaker.shutdown();
  }

  private count(verdict: 'success' | 'failure'): void {
    this.rotate();
    if (verdict === 'success') {
      this.failuresInARow = 0;
      // Counts a call without running it: the denominator of the error rate.
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
    // The timer of the current pause already runs; this sets the next one.
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

  /**
   * Returns the next pause in ms. It doubles with each failed try and is jittered, so that instances do not try in
   * step.
   */
  private pauseMs(): number {
    const { openMs, maxOpenMs } = this.settings;
    const pause = Math.min(openMs * 2 ** Math.min(this.failedTries, 20), maxOpenMs);
    return Math.round(pause * (1 - JITTER + 2 * JITTER * this.clock.random()));
  }

  /** Clears the counts, since those from before the circuit opened must not open it again as soon as it closes. */
  private forget(): void {
    this.failedTries = 0;
    this.failuresInARow = 0;
    this.options.resetTimeout = this.pauseMs();
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.rotation.emit('rotate');
  }

  /** Moves the window to the present. It need not move while there are no calls. */
  private rotate(): void {
    const steps = Math.floor((this.clock.now() - this.rotatedAt) / this.bucketMs);
    if (steps === 0) return;
    this.rotatedAt += steps * this.bucketMs;
    for (let step = 0; step < Math.min(steps, BUCKETS); step++) this.rotation.emit('rotate');
  }
}

/** Throws synchronously, so that opossum counts the failure, and opens if necessary, before `fire` returns. */
function rethrow(failure: unknown): never {
  throw failure;
}

function ignore(): void {
  // Each failure has its own error on its own way to the client.
}
