import type { Clock } from './steady-clock.js';

interface Entry<T> {
  readonly value: T;
  readonly endsAt: number;
}

/** Entries that end, bounded: the one that was set longest ago goes when the map is full. */
export class EndingMap<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private drops = 0;

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

  /** Returns the number of entries that had not ended and were dropped so far because the map was full. */
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

  /** Entries that are needed move to the end, so that each is looked at one time per round. */
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
