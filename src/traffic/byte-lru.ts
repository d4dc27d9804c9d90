/** What an entry takes beside its bytes, about: key, map slot and objects. */
const OVERHEAD_BYTES = 300;

/** What is kept, of so many bytes. */
interface Entry<V> {
  readonly value: V;
  readonly bytes: number;
  readonly endsAt: number;
}

/** Values in the memory of this process, within a number of bytes: when they are used up, the one used longest ago goes. */
export class ByteLru<V> {
  private readonly byKey = new Map<string, Entry<V>>();
  private used = 0;
  private drops = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly now: () => number,
  ) {}

  /** What the values take. */
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

  /** Keeps a value of `size` bytes for so long. One that alone is too large is not kept. */
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

  /** What is kept, with the ms for which it will be. */
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
