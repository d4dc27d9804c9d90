/** Approximate memory of an entry beside its value: key, map slot and objects. */
const OVERHEAD_BYTES = 300;

/** A value with its size in bytes and its expiry. */
interface Entry<V> {
  readonly value: V;
  readonly bytes: number;
  readonly endsAt: number;
}

/**
 * Holds values in the memory of this process up to a total size in bytes. When that is exceeded, the least recently
 * used entry is dropped.
 */
export class ByteLru<V> {
  private readonly byKey = new Map<string, Entry<V>>();
  private used = 0;
  private drops = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly now: () => number,
  ) {}

  /** Returns the memory of all entries, in bytes. */
  get bytes(): number {
    return this.used;
  }

  /** Returns the number of entries dropped so far because the bytes were used up. */
  get evicted(): number {
    return this.drops;
  }

  get(key: string): V | undefined {
    const entry = this.byKey.get(key);
    if (entry === undefined) return undefined;
    this.byKey.delete(key);
    if (entry.endsAt <= this.now()) {
      this.used -= entry.bytes;
      return undefined;
    }
    this.byKey.set(key, entry);
    return entry.value;
  }

  /** Stores a value of `size` bytes for `lifeMs`. A value that alone exceeds the limit is not stored. */
  set(key: string, value: V, { size, lifeMs }: { readonly size: number; readonly lifeMs: number }): void {
    this.remove(key);
    const bytes = size + OVERHEAD_BYTES;
    if (bytes > this.maxBytes) return;
    this.byKey.set(key, { value, bytes, endsAt: this.now() + lifeMs });
    this.used += bytes;
    for (const oldest of this.byKey.keys()) {
      if (this.used <= this.maxBytes) return;
      this.remove(oldest);
      this.drops += 1;
    }
  }

  /** Lists the entries with their remaining lifetime in ms. */
  *entries(): Generator<readonly [key: string, value: V, leftMs: number]> {
    for (const [key, { value, endsAt }] of this.byKey) yield [key, value, endsAt - this.now()];
  }

  remove(key: string): void {
    const entry = this.byKey.get(key);
    if (entry === undefined) return;
    this.byKey.delete(key);
    this.used -= entry.bytes;
  }
}
