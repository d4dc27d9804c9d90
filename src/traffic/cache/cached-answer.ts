/** The answer of an upstream as it came: bytes of a message, before redaction and before the check of its tenant. */
export interface CachedAnswer {
  readonly body: Uint8Array;
  /** Unix ms; after it the answer is stale. */
  readonly freshUntil: number;
}

/** What a store said. */
export interface Lookup {
  readonly answer: CachedAnswer | undefined;
  /** The store could not be asked, or held something that is no answer. */
  readonly failed: boolean;
}

/** Keeps answers. Neither method ever rejects. */
export interface ResponseStore {
  get(key: string): Lookup | Promise<Lookup>;
  /** @param lifeMs after which the answer is of no use, not even as a stale one. */
  set(key: string, answer: CachedAnswer, lifeMs: number): void;
}
