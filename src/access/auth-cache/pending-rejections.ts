import { makeRoom } from '../../domain/make-room.js';
import type { AuthCacheStore } from './cache-entry.js';

/** Pause between two attempts to write to the store, in ms. */
const RETRY_MS = 1_000;
/** Rejections written per attempt. */
const BATCH = 100;
/**
 * Maximum number of rejections held. When full, the oldest is dropped: the store may then keep the approval until it
 * expires there.
 */
const CAPACITY = 10_000;

/**
 * Holds rejections that the shared store has not accepted yet, each until no approval of the credential can be left in
 * it.
 */
export class PendingRejections {
  /** Value: end in Unix ms. */
  private readonly ends = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private drops = 0;

  /**
   * @param now returns Unix ms.
   * @param resized is called with the number of rejections held.
   */
  constructor(
    private readonly store: Pick<AuthCacheStore, 'reject'>,
    private readonly now: () => number,
    private readonly resized: (size: number) => void,
  ) {}

  /** Returns the number of rejections dropped so far because the list was full. */
  get evicted(): number {
    return this.drops;
  }

  has(key: string): boolean {
    const end = this.ends.get(key);
    return end !== undefined && this.now() < end;
  }

  /** Writes the rejection to the store, now or as soon as it responds. */
  async write(key: string, lifeMs: number): Promise<void> {
    this.ends.delete(key);
    this.drops += makeRoom(this.ends, CAPACITY);
    this.ends.set(key, this.now() + lifeMs);
    if (await this.settle(key)) this.resized(this.ends.size);
    else this.retryLater();
  }

  /** Drops a rejection, since AuthService has approved the credential in the meantime. */
  drop(key: string): void {
    if (this.ends.delete(key)) this.resized(this.ends.size);
  }

  private retryLater(): void {
    this.resized(this.ends.size);
    if (this.ends.size > 0) this.timer ??= setTimeout(() => void this.retry(), RETRY_MS).unref();
  }

  private async retry(): Promise<void> {
    for (const key of [...this.ends.keys()].slice(0, BATCH)) if (!(await this.settle(key))) break;
    this.timer = undefined;
    this.retryLater();
  }

  /** Resolves to false when the store did not respond. */
  private async settle(key: string): Promise<boolean> {
    const end = this.ends.get(key);
    if (end === undefined) return true;
    const lifeMs = end - this.now();
    if (lifeMs > 0 && !(await this.store.reject(key, lifeMs))) return false;
    if (this.ends.get(key) === end) this.ends.delete(key);
    return true;
  }
}
