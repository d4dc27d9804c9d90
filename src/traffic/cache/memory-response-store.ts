import type { CachedAnswer, Lookup, ResponseStore } from './cached-answer.js';

/** What an entry takes beside its body, about: key, map slot and objects. */
const OVERHEAD_BYTES = 300;
const NOTHING: Lookup = Object.freeze({ answer: undefined, failed: false });

interface Entry extends Lookup {
  readonly answer: CachedAnswer;
  readonly endsAt: number;
}

/** Answers in the memory of this process, within a number of bytes: when they are used up, the one used longest ago goes. */
export class MemoryResponseStore implements ResponseStore {
  private readonly entries = new Map<string, Entry>();
  private used = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly now: () => number,
  ) {}

  /** What the answers take. */
  get bytes(): number {
    return this.used;
  }

  get(key: string): Lookup {
    const entry = this.entries.get(key);
    if (entry === undefined) return NOTHING;
    this.entries.delete(key);
    if (entry.endsAt <= this.now()) {
      this.used -= sizeOf(entry);
      return NOTHING;
    }
    this.entries.set(key, entry);
    return entry;
  }

  set(key: string, answer: CachedAnswer, lifeMs: number): void {
    this.remove(key);
    const entry = { answer, failed: false, endsAt: this.now() + lifeMs };
    if (sizeOf(entry) > this.maxBytes) return;
    this.entries.set(key, entry);
    this.used += sizeOf(entry);
    for (const oldest of this.entries.keys()) {
      if (this.used <= this.maxBytes) return;
      this.remove(oldest);
    }
  }

  remove(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.used -= sizeOf(entry);
  }
}

function sizeOf({ answer }: Entry): number {
  return answer.body.length + OVERHEAD_BYTES;
}
