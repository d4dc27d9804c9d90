/** A binary heap whose members can be moved and removed at any position in O(log n). */
export class IndexedHeap<T> {
  private readonly items: T[] = [];
  private readonly positions = new Map<T, number>();

  constructor(private readonly isBefore: (a: T, b: T) => boolean) {}

  /** Returns the first member; undefined for an empty heap. */
  get first(): T | undefined {
    return this.items[0];
  }

  /** Adds a member, or moves one whose order has changed. */
  place(item: T): void {
    let at = this.positions.get(item);
    if (at === undefined) {
      at = this.items.length;
      this.set(at, item);
    }
    this.sink(this.rise(at));
  }

  /** Removes a member; ignores anything else. */
  remove(item: T): void {
    const at = this.positions.get(item);
    if (at === undefined) return;
    this.positions.delete(item);
    const last = this.items.pop() as T;
    if (last === item) return;
    this.set(at, last);
    this.sink(this.rise(at));
  }

  private rise(from: number): number {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.swapIfBefore(at, above)) return at;
      at = above;
    }
    return at;
  }

  private sink(from: number): void {
    for (let at = from, below = 2 * at + 1; below < this.items.length; at = below, below = 2 * at + 1) {
      const right = below + 1;
      if (right < this.items.length && this.isBefore(this.items[right] as T, this.items[below] as T)) below = right;
      if (!this.swapIfBefore(below, at)) return;
    }
  }

  private swapIfBefore(lower: number, upper: number): boolean {
    const item = this.items[lower] as T;
    const other = this.items[upper] as T;
    if (!this.isBefore(item, other)) return false;
    this.set(upper, item);
    this.set(lower, other);
    return true;
  }

  private set(at: number, item: T): void {
    this.items[at] = item;
    this.positions.set(item, at);
  }
}
