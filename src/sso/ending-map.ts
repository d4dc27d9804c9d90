import type { Clock } from './steady-clock.js';

interface Entry<T> {
  readonly value: T;
  readonly endsAt: number;
}

/** Entries that end, bounded: the one that was set longest ago goes when the map is full. */
export class EndingMap<T> {
  private readonly entries = new Map<string, Entry<T>>();

  /** @param isNeeded keeps an entry although the map is full, as long as fewer than `capacity` are needed. */
  constructor(
    private readonly now: Clock,
    private readonly capacity: number,
    private readonly isNeeded: (value: T) => boolean = () => false,
  ) {}

  /** Entries, those included that have ended and were not asked for since. */
  get size(): number {
    return this.entries.size;
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

  /** Entries that are needed move to the end, so that each is looked at one time per round. */
  private makeRoom(): void {
    for (let left = this.entries.size; left >= 0; left--) {
      const [key, entry] = this.entries.entries().next().value ?? [];
      if (key === undefined || entry === undefined) return;
      this.entries.delete(key);
      if (left === 0 || entry.endsAt <= this.now() || !this.isNeeded(entry.value)) return;
      this.entries.set(key, entry);
    }
  }
}
