import { laterUnlessEnded, type Schedule } from '../../../domain/schedule.js';

/** Reads and writes a value. */
export interface ValueAccess<T> {
  readonly read: () => T;
  readonly write: (value: T) => void;
  /** Called when the value is restored automatically. */
  readonly onRestored?: (value: T) => void;
}

/** A value that is changed for a time and then restored to what it was before the first change. */
export class TemporaryValue<T> {
  private original: { readonly value: T } | undefined;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly access: ValueAccess<T>,
    private readonly schedule: Schedule = laterUnlessEnded,
  ) {}

  /**
   * Sets the value, replacing an earlier change.
   * @param forMs undefined: until it is changed again.
   */
  set(value: T, forMs: number | undefined): void {
    this.cancel?.();
    this.cancel = undefined;
    if (forMs === undefined) this.original = undefined;
    else {
      this.original ??= { value: this.access.read() };
      this.cancel = this.schedule(() => this.restore(), forMs);
    }
    this.access.write(value);
  }

  private restore(): void {
    if (this.original === undefined) return;
    const { value } = this.original;
    this.original = undefined;
    this.cancel = undefined;
    this.access.write(value);
    this.access.onRestored?.(value);
  }
}
