import { SessionStore } from './session-store.js';

const CAPACITY = 10_000;
/** Members of one set: more sessions than anybody has with one identity. */
const MAX_MEMBERS = 100;

interface Entry<T> {
  readonly value: T;
  readonly endsAt: number;
}

/** Entries that end, bounded: the one that was used longest ago goes when there is no room. */
class EndingMap<T> {
  private readonly entries = new Map<string, Entry<T>>();

  constructor(private readonly now: () => number) {}

  get(key: string): Entry<T> | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.endsAt > this.now()) return entry;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, endsAt: number): void {
    this.entries.delete(key);
    if (this.entries.size >= CAPACITY) this.entries.delete(this.entries.keys().next().value ?? '');
    this.entries.set(key, { value, endsAt });
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}

/** Sessions of one process: they end with it. Sessions, claims and sets each have their own room, so that none crowds out another. */
export class MemoryStore extends SessionStore {
  private readonly values: EndingMap<string>;
  private readonly claims: EndingMap<string>;
  private readonly sets: EndingMap<readonly string[]>;

  constructor(private readonly now: () => number = () => Date.now()) {
    super();
    this.values = new EndingMap(now);
    this.claims = new EndingMap(now);
    this.sets = new EndingMap(now);
  }

  override async read(key: string, slideMs: number): Promise<string | undefined> {
    const entry = this.values.get(key);
    if (entry !== undefined) this.values.set(key, entry.value, this.now() + slideMs);
    return entry?.value;
  }

  override async have(keys: readonly string[]): Promise<readonly boolean[]> {
    return keys.map((key) => this.values.get(key) !== undefined);
  }

  override async write(key: string, value: string, lifeMs: number): Promise<void> {
    this.values.set(key, value, this.now() + lifeMs);
  }

  override async replace(key: string, value: string): Promise<boolean> {
    const entry = this.values.get(key);
    if (entry !== undefined) this.values.set(key, value, entry.endsAt);
    return entry !== undefined;
  }

  override async take(key: string): Promise<string | undefined> {
    const entry = this.values.get(key);
    this.values.delete(key);
    return entry?.value;
  }

  override async claim(key: string, holder: string, lifeMs: number): Promise<boolean> {
    if (this.claims.get(key) !== undefined) return false;
    this.claims.set(key, holder, this.now() + lifeMs);
    return true;
  }

  override async release(key: string, holder: string): Promise<void> {
    if (this.claims.get(key)?.value === holder) this.claims.delete(key);
  }

  override async note(set: string, member: string, lifeMs: number): Promise<void> {
    const others = this.sets.get(set)?.value.filter((other) => other !== member) ?? [];
    this.sets.set(set, [...others, member].slice(-MAX_MEMBERS), this.now() + lifeMs);
  }

  override async noted(set: string): Promise<readonly string[]> {
    return this.sets.get(set)?.value ?? [];
  }
}
