import { makeRoom } from '../domain/make-room.js';

/** A map of at most `capacity` entries that, when full, forgets the one that was asked for longest ago. */
export class LruMap<K, V extends object> {
  private readonly entries = new Map<K, V>();

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: K): V | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.entries.delete(key);
    makeRoom(this.entries, this.capacity);
    this.entries.set(key, value);
  }
}
