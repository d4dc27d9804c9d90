/** A value, and the time until it expires if it is not used. */
export interface Peeked {
  readonly value: string;
  readonly endsInMs: number;
}

/** Maximum number of members of a set. */
export const MAX_MEMBERS = 1000;

/**
 * Store of sessions and of the state that several gateways must agree on. Keys are hashes and values are sealed, so
 * that the store contains neither cookies nor tokens. The part of a key before the colon is its kind; in a store with
 * limited capacity, entries of one kind never displace those of another. Every method rejects when the store does not
 * respond.
 */
export abstract class SessionStore {
  /** Returns a value and moves its expiry to `slideMs` from now. */
  abstract read(key: string, slideMs: number): Promise<string | undefined>;
  /** Returns a value and leaves its expiry unchanged. */
  abstract peek(key: string): Promise<Peeked | undefined>;
  /** Returns the approximate number of sessions; undefined if counting would require reading the whole store. */
  abstract count(): number | undefined;
  /** Returns for each key whether it exists, in order. */
  abstract have(keys: readonly string[]): Promise<readonly boolean[]>;
  abstract write(key: string, value: string, lifeMs: number): Promise<void>;
  /** Changes an existing value and leaves its expiry unchanged. Resolves to false if it is gone. */
  abstract replace(key: string, value: string): Promise<boolean>;
  /** Returns a value and deletes it. */
  abstract take(key: string): Promise<string | undefined>;
  /** Resolves to true for the first caller within `lifeMs`: a lock, or a single-use mark. */
  abstract claim(key: string, holder: string, lifeMs: number): Promise<boolean>;
  /** Releases a lock, unless it has passed to another holder. */
  abstract release(key: string, holder: string): Promise<void>;
  /**
   * Adds to a set that expires `lifeMs` after the last addition; each member expires after `lifeMs` as well. Beyond
   * {@link MAX_MEMBERS} the oldest member is removed.
   */
  abstract note(set: string, member: string, lifeMs: number): Promise<void>;
  /** Removes from a set, which remains known. */
  abstract forget(set: string, member: string): Promise<void>;
  /**
   * Returns the members of a set, the oldest first; undefined for a set to which nothing was added, or which has
   * expired.
   */
  abstract noted(set: string): Promise<readonly string[] | undefined>;
}
