import type { EndpointReport, LastFailure } from '../endpoint-report.js';
import type { CallEnd } from '../grpc-failure.js';
import { Backoff } from './backoff.js';
import { noConnection } from '../call-ends.js';
import { Connection, type ConnectionParts, type ConnectionOwner, type Suspicion } from '../h2/connection.js';
import { Ejection } from './ejection.js';

/** What an endpoint tells of itself. */
export interface EndpointOwner {
  /** It became ready, was lost, cannot be reached, or is no longer ejected. */
  onChange(endpoint: Endpoint): void;
  /** It is connected, and no call gets through, or what comes from it fails again and again. */
  onSuspect(endpoint: Endpoint, reason: Suspicion | 'faults'): void;
  onRoom(): void;
  onTooManyPings(): void;
}

/** What an endpoint needs beside its owner. */
export interface EndpointParts {
  /** For the log. */
  readonly address: string;
  /** Made anew for each attempt. May throw: the attempt has failed then. */
  connectionParts(): ConnectionParts;
  readonly backoff: Backoff;
  /** A connection is not replaced faster than this, in ms: a peer may hang up on each. */
  readonly paceMs: number;
  /** A connection is replaced when it is so old, in ms, give or take a tenth; 0: never. */
  readonly maxAgeMs: number;
}

/** Socket, encryption and the peer's SETTINGS together. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Longest pause between two renewals of a connection that did not help; after as much time they may be quick again. */
const MAX_RENEWAL_PAUSE_MS = 60_000;

/** One address of an upstream: keeps one connection to it, and makes another when that is lost, old or worn. */
export class Endpoint implements ConnectionOwner {
  /** The connection that takes calls, if there is one. */
  ready: Connection | undefined;
  /** Why the last attempt failed; it stays until one succeeds (sticky failure, as in gRPC's pick_first). */
  failure: CallEnd | undefined;
  /** Makes no further connections. */
  isRetired = false;
  private lastFailure: LastFailure | undefined;
  private readonly ejection = new Ejection(() => this.owner.onChange(this));
  private attempt: Connection | undefined;
  private attemptedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private ageTimer: NodeJS.Timeout | undefined;
  private readonly renewals: Backoff;
  private renewableAt = 0;

  constructor(
    private readonly parts: EndpointParts,
    private readonly owner: EndpointOwner,
  ) {
    this.renewals = new Backoff(parts.paceMs, MAX_RENEWAL_PAUSE_MS);
  }

  get address(): string {
    return this.parts.address;
  }

  /** It should get no calls while others can take them. */
  get isEjected(): boolean {
    return this.ejection.isActive;
  }

  report(): EndpointReport {
    const { address, lastFailure } = this;
    const isReady = this.ready !== undefined;
    const state = this.isRetired ? 'retiring' : this.isEjected ? 'ejected' : isReady ? 'ready' : 'connecting';
    return { address, state, inFlight: this.ready?.inFlight ?? 0, lastFailure };
  }

  connect(): void {
    this.attemptedAt = performance.now();
    try {
      this.attempt = new Connection(this.parts.connectionParts(), this);
    } catch (error) {
      return this.fail(error instanceof Error ? error.message : 'unknown');
    }
    const { attempt } = this;
    this.timer = setTimeout(() => attempt.abandon(new Error('connect ETIMEDOUT')), CONNECT_TIMEOUT_MS);
  }

  /** Gives it no calls for a while, as long as others can take them. */
  eject(): void {
    this.noteFailure('consecutive faults of its calls');
    this.ejection.begin();
  }

  /**
   * Replaces its connection by another, which may lead to another pod behind the same address. More rarely while that
   * does not help. Returns whether it is replaced now.
   */
  replaceSuspect(): boolean {
    const now = performance.now();
    if (this.ready === undefined || this.attempt !== undefined || now < this.renewableAt) return false;
    if (now - this.renewableAt > MAX_RENEWAL_PAUSE_MS) this.renewals.reset();
    this.renewableAt = now + this.renewals.next();
    this.renew();
    return true;
  }

  /** No further connection is made; the one there is goes on. */
  retire(): void {
    this.isRetired = true;
    clearTimeout(this.timer);
    clearTimeout(this.ageTimer);
    this.attempt?.drain();
  }

  /** Undoes `retire`. */
  revive(): void {
    this.isRetired = false;
    if (this.ready === undefined) this.connect();
    else this.renewWhenOld();
  }

  /** Retires, and closes the connection after its last call. */
  stop(): void {
    this.retire();
    this.ejection.stop();
    this.ready?.drain();
  }

  /** The one before, if there is one, ends with its calls. */
  onReady(connection: Connection): void {
    clearTimeout(this.timer);
    const before = this.ready;
    this.attempt = undefined;
    this.ready = connection;
    this.failure = undefined;
    this.parts.backoff.reset();
    this.renewWhenOld();
    this.owner.onChange(this);
    before?.drain();
  }

  onDraining(connection: Connection): void {
    if (connection === this.ready) this.replace();
  }

  onClosed(connection: Connection, { details }: CallEnd): void {
    if (connection === this.ready) {
      this.noteFailure(String(details));
      return this.replace();
    }
    if (connection !== this.attempt) return;
    clearTimeout(this.timer);
    this.attempt = undefined;
    this.fail(String(details));
  }

  onResetBudgetExhausted(connection: Connection): void {
    if (connection === this.ready) this.renew();
  }

  onSuspect(connection: Connection, reason: Suspicion): void {
    if (connection === this.ready) this.owner.onSuspect(this, reason);
  }

  /** Faults on a connection that has been replaced say nothing of the one that replaced it. */
  onOutcome(connection: Connection, success: boolean): void {
    if (!success && connection !== this.ready) return;
    if (this.ejection.recordOutcome(success)) this.owner.onSuspect(this, 'faults');
  }

  onRoom(): void {
    this.owner.onRoom();
  }

  onTooManyPings(): void {
    this.owner.onTooManyPings();
  }

  /** Makes another connection, and keeps this one until it is there. */
  private renew(): void {
    if (this.attempt === undefined && this.ready !== undefined) this.connectIn(this.pace);
  }

  private renewWhenOld(): void {
    clearTimeout(this.ageTimer);
    const { maxAgeMs } = this.parts;
    if (maxAgeMs === 0) return;
    this.ageTimer = setTimeout(() => this.renew(), maxAgeMs * (0.9 + 0.2 * Math.random())).unref();
  }

  private replace(): void {
    this.ready = undefined;
    if (this.attempt === undefined) this.connectIn(this.pace);
    this.owner.onChange(this);
  }

  private fail(reason: string): void {
    this.noteFailure(reason);
    this.failure = noConnection(reason);
    this.connectIn(this.parts.backoff.next());
    this.owner.onChange(this);
  }

  private noteFailure(reason: string): void {
    this.lastFailure = { reason, at: Date.now() };
  }

  private get pace(): number {
    return this.attemptedAt + this.parts.paceMs - performance.now();
  }

  private connectIn(ms: number): void {
    if (this.isRetired) return;
    clearTimeout(this.timer);
    if (ms > 0) this.timer = setTimeout(() => this.connect(), ms).unref();
    else this.connect();
  }
}
