/**
 * Maximum number of groups. Beyond it the responses of all groups become stale, which costs calls but is never wrong.
 */
const MAX_GROUPS = 10_000;

/** Records the last write of each group, as numbers that are never reused. */
export class CacheGenerations {
  private readonly marks = new Map<string, number>();
  private last = 0;
  /** The generation of groups without an entry. */
  private floor = 0;
  private drops = 0;

  constructor(private readonly maxGroups = MAX_GROUPS) {}

  /** Returns the number of entries dropped so far because there were too many groups. */
  get evicted(): number {
    return this.drops;
  }

  of(group: string): number {
    return this.marks.get(group) ?? this.floor;
  }

  /** Records a write to a group. */
  move(group: string): void {
    if (this.marks.size >= this.maxGroups && !this.marks.has(group)) {
      this.drops += this.marks.size;
      this.marks.clear();
      this.floor = ++this.last;
    }
    this.marks.set(group, ++this.last);
  }
}
