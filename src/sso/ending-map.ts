import type { Clock } from './steady-clock.js';

interface Entry<T> {
  readonly value: T;
  readonly endsAt: number;
}

/** Map with expiring entries and a maximum size: when full, the entry that was set longest ago is dropped. */
export class EndingMap<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private drops = 0;

  /** @param isNeeded protects an entry from being dropped, as long as fewer than `capacity` are needed. */
  constructor(
    private readonly now: Clock,
    private readonly capacity: number,
    private readonly isNeeded: (value: T) => boolean = () => false,
  ) {}

  /** Number of entries, including expired ones that were not read since. */
  get size(): number {
    return this.entries.size;
  }

  /** Returns the number of unexpired entries dropped so far because the map was full. */
  get evicted(): number {
    return this.drops;
  }

  get(key: string): Entry<T> | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.endsAt > this.now()) return entry;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, endsAt: number): void {
    this.entries.delete(key);
    if (this.entries.size >= this.capacity) this.makeRoom();
    this.entries.set(key, { value, endsAt });
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  /** Moves needed entries to the end, so that each is checked once per round. */
  private makeRoom(): void {
    for (let left = this.entries.size; left >= 0; left--) {
      const [key, entry] = this.entries.entries().next().value ?? [];
      if (key === undefined || entry === undefined) return;
      this.entries.delete(key);
      if (entry.endsAt <= this.now()) return;
      if (left === 0 || !this.isNeeded(entry.value)) {
        this.drops += 1;
        return;
      }
      this.entries.set(key, entry);
    }
  }
}
