/**
 * Runs a task one at a time. A call during a run gets the next run, since the input may have changed after it was
 * read; all such calls share that run, so at most one waits.
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
