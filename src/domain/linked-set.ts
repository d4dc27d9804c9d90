/** An item of a {@link LinkedSet}. Its links belong to the one set that holds it. */
export interface Linked<T> {
  before: T | undefined;
  after: T | undefined;
}

/**
 * A set in insertion order whose items are its links, for objects that are added and removed per request: it does not
 * allocate and runs in O(1). V8 replaces the table of a `Set` or `Map` after a number of deletions, and a table in the
 * old generation keeps all later ones and their former entries alive until the next full collection (ADR 0036). An item
 * is in one such set at a time.
 */
export class LinkedSet<T extends Linked<T>> implements Iterable<T> {
  private first: T | undefined;
  private last: T | undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Returns the item that was added first. */
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

  /** Removes an item. Returns false for one that is not in the set. */
  delete(item: T): boolean {
    if (!this.has(item)) return false;
    const { before, after } = item;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    // A removed item must not keep later ones alive.
    item.before = undefined;
    item.after = undefined;
    this.count -= 1;
    return true;
  }

  clear(): void {
    for (const item of this) this.delete(item);
  }

  /** Iterates over the items that are in the set at the start and are still in it when their turn comes. */
  *[Symbol.iterator](): Generator<T, void> {
    const items: T[] = [];
    for (let item = this.first; item !== undefined; item = item.after) items.push(item);
    for (const item of items) if (this.has(item)) yield item;
  }
}
