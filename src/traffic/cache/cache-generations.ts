/** Groups that are told apart. Beyond it all answers of all groups become stale at once, which costs calls and no truth. */
const MAX_GROUPS = 10_000;

/** The last write of each group, as numbers that never return. */
export class CacheGenerations {
  private readonly marks = new Map<string, number>();
  private last = 0;
  /** The mark of groups without one. */
  private floor = 0;
  private drops = 0;

  constructor(private readonly maxGroups = MAX_GROUPS) {}

  /** Returns the number of marks dropped so far because there were too many groups. */
  get evicted(): number {
    return this.drops;
  }

  of(group: string): number {
    return this.marks.get(group) ?? this.floor;
  }

  /** Notes a write. */
  move(group: string): void {
    if (this.marks.size >= this.maxGroups && !this.marks.has(group)) {
      this.drops += this.marks.size;
      this.marks.clear();
      this.floor = ++this.last;
    }
    this.marks.set(group, ++this.last);
  }
}
