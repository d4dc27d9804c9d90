/** How a connection is watched. */
export interface KeepaliveSettings {
  /** Silence after which a ping is sent; 0: none ever is. */
  readonly timeMs: number;
  readonly timeoutMs: number;
}

/** What keepalive does to its connection. */
export interface KeepaliveActions {
  ping(): void;
  /** Neither an answer nor anything else came. */
  giveUp(): void;
}

/** Pings a connection that has been silent, calls or not: a half-open one would fail every call for ever (fact F11). */
export class Keepalive {
  private heardAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    private readonly settings: KeepaliveSettings,
    private readonly actions: KeepaliveActions,
  ) {}

  start(): void {
    this.heard();
    if (this.settings.timeMs > 0) this.checkIn(this.settings.timeMs);
  }

  /** Something came from the peer. */
  heard(): void {
    this.heardAt = performance.now();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private checkIn(ms: number): void {
    this.timer = setTimeout(() => this.check(), ms).unref();
  }

  private check(): void {
    const quietMs = performance.now() - this.heardAt;
    if (quietMs < this.settings.timeMs) return this.checkIn(this.settings.timeMs - quietMs);
    const pingedAt = performance.now();
    this.actions.ping();
    // A process that was busy has yet to read what came in the meantime: that happens before the immediate.
    this.timer = setTimeout(() => setImmediate(() => this.judge(pingedAt)), this.settings.timeoutMs).unref();
  }

  private judge(pingedAt: number): void {
    if (this.isStopped) return;
    if (this.heardAt < pingedAt) return this.actions.giveUp();
    this.checkIn(this.settings.timeMs);
  }
}
