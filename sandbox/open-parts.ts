interface Closable {
  close(): void | Promise<void>;
}

/** What has been opened so far, to be closed together. */
export class OpenParts {
  readonly #parts: Closable[] = [];

  /** Takes note of a part and gives it back. */
  add<T extends Closable>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  /** Closes all parts, the newest first. A second call finds nothing left to do. */
  async close(): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await part.close();
  }
}
