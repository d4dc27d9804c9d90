import { ByteLru } from '../byte-lru.js';
import type { CachedAnswer, CacheKey, Lookup, ResponseStore } from './cached-answer.js';
import { CacheGenerations } from './cache-generations.js';

/** Stores responses in the memory of this process, with the generations of the writes that it has seen. */
export class MemoryResponseStore implements ResponseStore {
  private readonly answers: ByteLru<CachedAnswer>;
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

  set({ name }: CacheKey, answer: CachedAnswer, lifeMs: number): void {
    this.answers.set(name, answer, { size: answer.body.length, lifeMs });
  }

  invalidate(groups: readonly string[]): void {
    for (const group of groups) this.writes.move(group);
  }
}
