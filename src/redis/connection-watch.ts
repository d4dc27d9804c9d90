import type { Redis } from 'ioredis';

const CHECK_MS = 250;
/** Checks until a connection that is not ready is closed: 1 s. */
const CHECKS_TO_CONNECT = 4;
/** Checks without data until a connection is closed: 2 s. A frozen server keeps its connections open. */
const CHECKS_OF_SILENCE = 8;

/** Condition under which silence is a failure: while a command waits for its reply, or always. */
type WatchMode = 'command' | 'blocking';

/**
 * Destroys the socket of a connection that cannot be established or has fallen silent. Time is counted in checks, so
 * that a pause of this process, however long, counts as one: the timers of ioredis would expire during it.
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

/** Counts the consecutive checks of one connection without progress. */
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

  /** Returns true if data was read since the last check, or if nothing is expected. */
  private isAlive(): boolean {
    const { bytesRead, bytesWritten } = this.redis.stream;
    const hasRead = bytesRead !== this.bytesRead;
    if (!hasRead && (this.mode === 'blocking' || bytesWritten !== this.bytesWritten)) return false;
    this.bytesRead = bytesRead;
    this.bytesWritten = bytesWritten;
    return true;
  }
}
