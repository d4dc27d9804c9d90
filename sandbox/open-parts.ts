interface Closable {
  close(): void | Promise<void>;
}

/** Collects what has been opened, and closes it together. */
export class OpenParts {
  readonly #parts: Closable[] = [];

  /** Adds a part. Returns it. */
  add<T extends Closable>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  /** Closes all parts, the newest first. Idempotent. */
  async close(): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await part.close();
  }
}
