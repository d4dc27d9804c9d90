import type { Redis } from 'ioredis';

const CHECK_MS = 250;
/** A connection that is not ready after 1 s is given up. */
const CHECKS_TO_CONNECT = 4;
/** A frozen server keeps its connections open; one that sends nothing for 2 s is given up. */
const CHECKS_OF_SILENCE = 8;

/** When silence is a failure: while a command waits for its reply, or always. */
export type WatchMode = 'command' | 'blocking';

/**
 * Destroys the socket of a connection that cannot be made, or has fallen silent. Time is counted in checks, so that a pause
 * of this process, however long, counts as one: the timers of ioredis would run out during it.
 */
export function watchConnection(redis: Redis, mode: WatchMode): void {
  let timer: NodeJS.Timeout | undefined;
  redis.on('connecting', () => {
    const watch = new ConnectionWatch(redis, mode);
    clearInterval(timer);
    timer = setInterval(() => watch.check(), CHECK_MS).unref();
  });
  for (const event of ['close', 'end']) redis.on(event, () => clearInterval(timer));
}

/** Counts the checks of one connection that found nothing new. */
class ConnectionWatch {
  private checks = 0;
  private bytesRead = 0;
  private bytesWritten = 0;

  constructor(
    private readonly redis: Redis,
    private readonly mode: WatchMode,
  ) {}

  check(): void {
    const isReady = this.redis.status === 'ready';
    if (isReady && this.isAlive()) this.checks = 0;
    else this.checks += 1;
    const limit = isReady ? CHECKS_OF_SILENCE : CHECKS_TO_CONNECT;
    if (this.checks >= limit) this.redis.stream.destroy(new Error('connection timed out'));
  }

  /** True when something was read since the last check, or there is nothing to wait for. */
  private isAlive(): boolean {
    const { bytesRead, bytesWritten } = this.redis.stream;
    const hasRead = bytesRead !== this.bytesRead;
    if (!hasRead && (this.mode === 'blocking' || bytesWritten !== this.bytesWritten)) return false;
    this.bytesRead = bytesRead;
    this.bytesWritten = bytesWritten;
    return true;
  }
}
