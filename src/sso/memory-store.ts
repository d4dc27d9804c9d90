import { EndingMap } from './ending-map.js';
import { MAX_MEMBERS, type Peeked, SessionStore } from './session-store.js';
import { type Clock, steadyClock } from './steady-clock.js';

/** Maximum number of entries of each kind. A session is in at most two sets, so that the sets of all sessions fit. */
const CAPACITY = 10_000;
const SET_CAPACITY = 2 * CAPACITY;

/** Stores the sessions of one process, in memory. */
export class MemoryStore extends SessionStore {
  private readonly now: Clock;
  private readonly kinds = new Map<string, EndingMap<string>>();
  private readonly sets: EndingMap<readonly string[]>;

  /** @param now returns ms; for tests. */
  constructor(now?: Clock) {
    super();
    this.now = now === undefined ? steadyClock() : steadyClock(now, () => 0);
    const isLive = (member: string) => this.entriesOf(member).get(member) !== undefined;
    // A session must stay in a set, or its provider could not end it.
    this.sets = new EndingMap(this.now, SET_CAPACITY, (members) => members.some(isLive));
  }

  /** Returns the number of entries dropped so far because the store was full. */
  get evicted(): number {
    return [...this.kinds.values()].reduce((sum, kind) => sum + kind.evicted, this.sets.evicted);
  }

  override async read(key: string, slideMs: number): Promise<string | undefined> {
    const entries = this.entriesOf(key);
    const entry = entries.get(key);
    if (entry !== undefined) entries.set(key, entry.value, this.now() + slideMs);
    return entry?.value;
  }

  override count(): number {
    return this.kinds.get('')?.size ?? 0;
  }

  override async peek(key: string): Promise<Peeked | undefined> {
    const entry = this.entriesOf(key).get(key);
    return entry === undefined ? undefined : { value: entry.value, endsInMs: entry.endsAt - this.now() };
  }

  override async have(keys: readonly string[]): Promise<readonly boolean[]> {
    return keys.map((key) => this.entriesOf(key).get(key) !== undefined);
  }

  override async write(key: string, value: string, lifeMs: number): Promise<void> {
    this.entriesOf(key).set(key, value, this.now() + lifeMs);
  }

  override async replace(key: string, value: string): Promise<boolean> {
    const entries = this.entriesOf(key);
    const entry = entries.get(key);
    if (entry !== undefined) entries.set(key, value, entry.endsAt);
    return entry !== undefined;
  }

  override async take(key: string): Promise<string | undefined> {
    const entries = this.entriesOf(key);
    const entry = entries.get(key);
    entries.delete(key);
    return entry?.value;
  }

  override async claim(key: string, holder: string, lifeMs: number): Promise<boolean> {
    const entries = this.entriesOf(key);
    if (entries.get(key) !== undefined) return false;
    entries.set(key, holder, this.now() + lifeMs);
    return true;
  }

  override async release(key: string, holder: string): Promise<void> {
    const entries = this.entriesOf(key);
    if (entries.get(key)?.value === holder) entries.delete(key);
  }

  override async note(set: string, member: string, lifeMs: number): Promise<void> {
    const others = this.sets.get(set)?.value.filter((other) => other !== member) ?? [];
    this.sets.set(set, [...others, member].slice(-MAX_MEMBERS), this.now() + lifeMs);
  }

  override async forget(set: string, member: string): Promise<void> {
    const entry = this.sets.get(set);
    const others = entry?.value.filter((other) => other !== member);
    if (entry !== undefined) this.sets.set(set, others ?? [], entry.endsAt);
  }

  override async noted(set: string): Promise<readonly string[] | undefined> {
    return this.sets.get(set)?.value;
  }

  /** Returns the entries of a kind. The kinds are few: constants of the callers. */
  private entriesOf(key: string): EndingMap<string> {
    const kind = key.slice(0, Math.max(0, key.indexOf(':')));
    let entries = this.kinds.get(kind);
    if (entries === undefined) this.kinds.set(kind, (entries = new EndingMap(this.now, CAPACITY)));
    return entries;
  }
}
