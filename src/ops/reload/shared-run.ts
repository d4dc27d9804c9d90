/**
 * Runs something one at a time. Whoever asks while it runs gets the next run, since what it reads may have changed after
 * it was read; all who wait share that one, so that at most one waits.
 */
export class SharedRun<T> {
  private running: Promise<unknown> = Promise.resolve();
  private waiting: Promise<T> | undefined;

  constructor(private readonly run: () => Promise<T>) {}

  next(): Promise<T> {
    if (this.waiting !== undefined) return this.waiting;
    const next = this.running.then(() => {
      this.waiting = undefined;
      return this.run();
    });
    this.waiting = next;
    this.running = next.catch(() => undefined);
    return next;
  }
}
