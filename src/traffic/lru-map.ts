import { makeRoom } from '../domain/make-room.js';

/** A map of at most `capacity` entries that drops the least recently used one when full. */
export class LruMap<K, V extends object> {
  private readonly entries = new Map<K, V>();
  /** The most recently used key, which need not be moved. */
  private newest: K | undefined;
  private drops = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.entries.size;
  }

  /** Returns the number of entries dropped so far because the map was full. */
  get evicted(): number {
    return this.drops;
  }

  get(key: K): V | undefined {
    const value = this.entries.get(key);
    if (value === undefined || key === this.newest) return value;
    this.newest = key;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.newest = key;
    this.entries.delete(key);
    this.drops += makeRoom(this.entries, this.capacity);
    this.entries.set(key, value);
  }
}
