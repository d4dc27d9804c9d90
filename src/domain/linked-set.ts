/** An item of a {@link LinkedSet}. Its links belong to the one set that holds it. */
export interface Linked<T> {
  before: T | undefined;
  after: T | undefined;
}

/**
 * A set in the order of its additions whose items are its links, for what comes and goes with each request: it allocates
 * nothing and runs in O(1). V8 gives a `Set` or `Map` a new table each time that so many entries have gone, and a table
 * that has become old keeps all later ones and what was in them until the next full collection
 * (docs/decisions/0036-sets-of-requests-allocate-nothing.md). An item is in one such set at a time.
 */
export class LinkedSet<T extends Linked<T>> implements Iterable<T> {
  private first: T | undefined;
  private last: T | undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The item that was added first. */
  get oldest(): T | undefined {
    return this.first;
  }

  has(item: T): boolean {
    return item.before !== undefined || this.first === item;
  }

  add(item: T): void {
    if (this.has(item)) return;
    item.before = this.last;
    if (this.last === undefined) this.first = item;
    else this.last.after = item;
    this.last = item;
    this.count += 1;
  }

  /** Returns false for an item that is not in it. */
  delete(item: T): boolean {
    if (!this.has(item)) return false;
    const { before, after } = item;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    // An old item must not keep younger ones alive.
    item.before = undefined;
    item.after = undefined;
    this.count -= 1;
    return true;
  }

  clear(): void {
    for (const item of this) this.delete(item);
  }

  /** Goes over what is in it at the beginning and is still in it when its turn comes. */
  *[Symbol.iterator](): Generator<T, void> {
    const items: T[] = [];
    for (let item = this.first; item !== undefined; item = item.after) items.push(item);
    for (const item of items) if (this.has(item)) yield item;
  }
}
