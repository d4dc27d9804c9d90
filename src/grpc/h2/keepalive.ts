/** How a connection is watched. */
export interface KeepaliveSettings {
  /** Silence after which a ping is sent, in ms; 0 sends none by itself. */
  readonly timeMs: number;
  /** How long a ping may stay unanswered, in ms. */
  readonly timeoutMs: number;
}

/** What keepalive does to its connection. */
export interface KeepaliveActions {
  ping(): void;
  /** A ping has had no answer for a while: another connection should be made. */
  suspect(): void;
  /** Neither an answer nor anything else came. */
  giveUp(): void;
}

/** A sound peer answers a ping sooner, even a busy one, in ms. */
const SUSPECT_AFTER_MS = 500;
/** Servers hang up on the third ping that comes too early, with no response between them (gRFC A8, A9). */
const MAX_PROBES = 2;

/** Pings a connection that is silent, calls or not: a half-open one would fail every call. */
export class Keepalive {
  /** When something last came from the peer, in `performance.now()` ms. */
  heardAt = 0;
  private probes = 0;
  private isPinging = false;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    private readonly settings: KeepaliveSettings,
    private readonly actions: KeepaliveActions,
  ) {}

  start(): void {
    this.heard();
    this.checkIn(this.settings.timeMs);
  }

  /** Something came from the peer. */
  heard(): void {
    this.heardAt = performance.now();
  }

  /** A response began: peers forget the pings before it. */
  answered(): void {
    this.probes = 0;
  }

  /** Pings immediately, because a call had no sign of life; not more often than peers put up with. */
  probe(): void {
    if (this.isStopped || this.isPinging || this.probes >= MAX_PROBES) return;
    this.probes += 1;
    clearTimeout(this.timer);
    this.ping();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private checkIn(ms: number): void {
    if (this.settings.timeMs > 0) this.timer = setTimeout(() => this.check(), ms).unref();
  }

  private check(): void {
    const quietMs = performance.now() - this.heardAt;
    if (quietMs < this.settings.timeMs) return this.checkIn(this.settings.timeMs - quietMs);
    this.ping();
  }

  private ping(): void {
    const pingedAt = performance.now();
    const suspectMs = Math.min(SUSPECT_AFTER_MS, this.settings.timeoutMs);
    this.isPinging = true;
    this.actions.ping();
    this.unlessHeard(pingedAt, suspectMs, () => {
      this.actions.suspect();
      this.unlessHeard(pingedAt, this.settings.timeoutMs - suspectMs, () => this.actions.giveUp());
    });
  }

  /** A process that was busy has yet to read what came in the meantime: that happens before the immediate. */
  private unlessHeard(pingedAt: number, ms: number, act: () => void): void {
    const judge = (): void => {
      if (this.isStopped) return;
      if (this.heardAt < pingedAt) return act();
      this.isPinging = false;
      this.checkIn(this.settings.timeMs);
    };
    this.timer = setTimeout(() => setImmediate(judge), ms).unref();
  }
}

/** A pause that a sound peer may make, in ms. */
const PATIENCE_MS = 1_000;

/** Tells a standstill from a pause: nothing has moved for a second, although something wanted to. */
export class Standstill {
  private since = 0;

  /**
   * Takes note of a call that waited in vain. Returns whether that is a standstill.
   * @param movedAt when anything last moved, in `performance.now()` ms.
   * @param waitedFrom since when the call waited, in the same ms.
   */
  isSeen(movedAt: number, waitedFrom: number): boolean {
    if (movedAt >= waitedFrom) return false;
    if (this.since <= movedAt) this.since = waitedFrom;
    return performance.now() - this.since >= PATIENCE_MS;
  }
}
