/** Where the answer to a call is kept. */
export interface CacheKey {
  readonly name: string;
  /** The groups whose writes make it stale; empty when nobody's do. */
  readonly groups: readonly string[];
}

/** Changes with every write of the groups of an answer: one from before it is stale. Numbers mean nothing but themselves. */
export interface Generation {
  /** Of the writes that this process has seen. */
  readonly own: number;
  /** Of those that the shared store was told of. */
  readonly shared: number;
}

/** The answer of an upstream as it came: bytes of a message, before redaction and before the check of its tenant. */
export interface CachedAnswer {
  readonly body: Uint8Array;
  /** Unix ms; after it the answer is stale. */
  readonly freshUntil: number;
  /** What it was when the upstream was asked. */
  readonly generation: Generation;
}

/** What a store said. */
export interface Lookup {
  readonly answer: CachedAnswer | undefined;
  /** There has been a write since: the answer is stale, whatever its time. */
  readonly isOutdated: boolean;
  /** That of an answer which the upstream gives now. */
  readonly generation: Generation;
  /** The store could not be asked, or held something that is no answer. */
  readonly failed: boolean;
}

/** Keeps answers. No method ever rejects. */
export interface ResponseStore {
  get(key: CacheKey): Lookup | Promise<Lookup>;
  /** @param lifeMs after which the answer is of no use, not even as a stale one. */
  set(key: CacheKey, answer: CachedAnswer, lifeMs: number): void;
  /**
   * Makes all answers of some groups stale for everyone who asks once it has resolved.
   * @param freshMs longest time that one of them may still be fresh.
   */
  invalidate(groups: readonly string[], freshMs: number): void | Promise<void>;
}
