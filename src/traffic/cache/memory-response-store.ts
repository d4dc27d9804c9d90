import { ByteLru } from '../byte-lru.js';
import type { CachedResponse, CacheKey, Lookup, ResponseStore } from './cached-response.js';

/** Stores responses in the memory of this process, with the generations of the writes that it has seen. */
export class MemoryResponseStore implements ResponseStore {
  private readonly answers: ByteLru<CachedResponse>;
  private readonly writes = new CacheGenerations();

  constructor(maxBytes: number, now: () => number) {
    this.answers = new ByteLru(maxBytes, now);
  }

  /** Returns the memory of all responses, in bytes. */
  get bytes(): number {
    return this.answers.bytes;
  }

  /** Returns the number of responses dropped so far because the bytes were used up. */
  get evicted(): number {
    return this.answers.evicted;
  }

  /** Returns the number of groups whose last write was forgotten because there were too many. */
  get evictedGroups(): number {
    return this.writes.evicted;
  }

  get({ name, groups }: CacheKey): Lookup {
    const answer = this.answers.get(name);
    // Generations only grow, so the highest one changes with a write to any of the groups.
    const own = Math.max(0, ...groups.map((group) => this.writes.of(group)));
    return { answer, isOutdated: answer?.generation.own !== own, generation: { own, shared: 0 }, failed: false };
  }

  set({ name }: CacheKey, answer: CachedResponse, lifeMs: number): void {
    this.answers.set(name, answer, { size: answer.body.length, lifeMs });
  }

  invalidate(groups: readonly string[]): void {
    for (const group of groups) this.writes.move(group);
  }
}

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
