/** A value, and how long it is kept if nobody uses it. */
export interface Peeked {
  readonly value: string;
  readonly endsInMs: number;
}

/** Members that a set holds at most. */
export const MAX_MEMBERS = 1000;

/**
 * Where sessions are kept, and what several gateways have to agree on. Keys are hashes and values sealed: a store learns
 * neither cookies nor tokens. What stands before a colon in a key is its kind; in a store with little room, entries of one
 * kind never displace those of another. Every method rejects when the store cannot answer.
 */
export abstract class SessionStore {
  /** A value, whose end it moves to `slideMs` from now. */
  abstract read(key: string, slideMs: number): Promise<string | undefined>;
  /** Returns a value and leaves its end as it is. */
  abstract peek(key: string): Promise<Peeked | undefined>;
  /** Sessions that are kept, about; undefined where counting them would mean reading the whole store. */
  abstract count(): number | undefined;
  /** Whether each of these values is there, in their order. */
  abstract have(keys: readonly string[]): Promise<readonly boolean[]>;
  abstract write(key: string, value: string, lifeMs: number): Promise<void>;
  /** Changes a value that is still there and leaves its end as it is. False when it is gone. */
  abstract replace(key: string, value: string): Promise<boolean>;
  /** A value, for the last time. */
  abstract take(key: string): Promise<string | undefined>;
  /** True for the first who asks within `lifeMs`: a lock, or a thing that is good for one use. */
  abstract claim(key: string, holder: string, lifeMs: number): Promise<boolean>;
  /** Gives a lock back, unless it has passed to another holder. */
  abstract release(key: string, holder: string): Promise<void>;
  /** Adds to a set that lives for `lifeMs` after the last addition, as each of its members does at most. Beyond {@link MAX_MEMBERS} the oldest member goes. */
  abstract note(set: string, member: string, lifeMs: number): Promise<void>;
  /** Removes from a set, which is still known to have been there. */
  abstract forget(set: string, member: string): Promise<void>;
  /** Members of a set, the oldest first; undefined for a set to which nothing was ever added, or so long ago that it has ended. */
  abstract noted(set: string): Promise<readonly string[] | undefined>;
}
