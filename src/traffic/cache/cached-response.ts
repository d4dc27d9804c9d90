/** Identifies the response to a call in the cache. */
export interface CacheKey {
  readonly name: string;
  /** The groups whose writes make it stale; may be empty. */
  readonly groups: readonly string[];
}

/**
 * Changes with every write to the groups of a response: a response of an earlier generation is stale. The numbers can
 * only be compared for equality.
 */
export interface Generation {
  /** Generation by the writes that this process has seen. */
  readonly own: number;
  /** Generation by the writes that the shared store has recorded. */
  readonly shared: number;
}

/** Response of an upstream as received: message bytes before redaction and before the check of its tenant. */
export interface CachedResponse {
  readonly body: Uint8Array;
  /** Unix ms after which the response is stale. */
  readonly freshUntil: number;
  /** The generation when the upstream was called. */
  readonly generation: Generation;
}

/** Result of a look-up in a store. */
export interface Lookup {
  readonly answer: CachedResponse | undefined;
  /** There was a write since: the response is stale, whatever its age. */
  readonly isOutdated: boolean;
  /** The generation of a response that the upstream gives now. */
  readonly generation: Generation;
  /** The store could not be reached, or held something that is not a response. */
  readonly failed: boolean;
}

/** Stores responses. Its methods never reject. */
export interface ResponseStore {
  get(key: CacheKey): Lookup | Promise<Lookup>;
  /**
   * Stores a response.
   * @param lifeMs time after which the response is not even used as a stale one.
   */
  set(key: CacheKey, answer: CachedResponse, lifeMs: number): void;
  /**
   * Makes all responses of some groups stale for every look-up that begins after it has resolved.
   * @param freshMs longest time that one of them may still be fresh.
   */
  invalidate(groups: readonly string[], freshMs: number): void | Promise<void>;
}
