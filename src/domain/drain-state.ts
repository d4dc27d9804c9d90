/** Whether this process is on its way out. One object per application, set once by the drain. */
export class DrainState {
  private since: number | undefined;

  get draining(): boolean {
    return this.since !== undefined;
  }

  begin(now: number): void {
    this.since ??= now;
  }
}
