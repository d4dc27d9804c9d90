import type { CallEnd } from '../grpc-failure.js';
import type { Backoff } from './backoff.js';
import { noConnection } from './call-ends.js';
import { Connection, type ConnectionOwner, type ConnectionParts } from './connection.js';

/** What an endpoint tells of itself. */
export interface EndpointOwner {
  /** It became ready, was lost, or cannot be reached. */
  onChange(endpoint: Endpoint): void;
  onRoom(): void;
  onTooManyPings(): void;
}

/** What an endpoint needs beside its owner. */
export interface EndpointParts {
  /** Made anew for each attempt. May throw: the attempt has failed then. */
  connectionParts(): ConnectionParts;
  readonly backoff: Backoff;
  /** A connection is not replaced faster than this, in ms: a peer may hang up on each. */
  readonly paceMs: number;
}

/** Socket, encryption and the peer's SETTINGS together. */
const CONNECT_TIMEOUT_MS = 5_000;

/** One address of an upstream: keeps one connection to it, and makes another when that is lost. */
export class Endpoint implements ConnectionOwner {
  /** The connection that takes calls, if there is one. */
  ready: Connection | undefined;
  /** Why the last attempt failed; it stays until one succeeds (sticky failure, as in gRPC's pick_first). */
  failure: CallEnd | undefined;
  /** Makes no further connections. */
  isRetired = false;
  private attempt: Connection | undefined;
  private attemptedAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: EndpointParts,
    private readonly owner: EndpointOwner,
  ) {}

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

  /** No further connection is made; the one there is goes on. */
  retire(): void {
    this.isRetired = true;
    clearTimeout(this.timer);
    this.attempt?.drain();
  }

  /** Undoes `retire`. */
  revive(): void {
    this.isRetired = false;
    if (this.ready === undefined) this.connect();
  }

  /** Retires, and closes the connection after its last call. */
  stop(): void {
    this.retire();
    this.ready?.drain();
  }

  onReady(connection: Connection): void {
    clearTimeout(this.timer);
    this.attempt = undefined;
    this.ready = connection;
    this.failure = undefined;
    this.parts.backoff.reset();
    this.owner.onChange(this);
  }

  onDraining(connection: Connection): void {
    if (connection === this.ready) this.replace();
  }

  onClosed(connection: Connection, { details }: CallEnd): void {
    if (connection === this.ready) return this.replace();
    if (connection !== this.attempt) return;
    clearTimeout(this.timer);
    this.attempt = undefined;
    this.fail(String(details));
  }

  onRoom(): void {
    this.owner.onRoom();
  }

  onTooManyPings(): void {
    this.owner.onTooManyPings();
  }

  private replace(): void {
    this.ready = undefined;
    this.connectIn(this.attemptedAt + this.parts.paceMs - performance.now());
    this.owner.onChange(this);
  }

  private fail(reason: string): void {
    this.failure = noConnection(reason);
    this.connectIn(this.parts.backoff.next());
    this.owner.onChange(this);
  }

  private connectIn(ms: number): void {
    if (this.isRetired) return;
    if (ms > 0) this.timer = setTimeout(() => this.connect(), ms).unref();
    else this.connect();
  }
}
