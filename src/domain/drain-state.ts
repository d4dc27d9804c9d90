/** State of the drain of this process. One object per application, set once when the drain begins. */
export class DrainState {
  private since: number | undefined;

  get draining(): boolean {
    return this.since !== undefined;
  }

  begin(now: number): void {
    this.since ??= now;
  }
}
