import { hash } from 'node:crypto';
import { makeRoom } from '../domain/make-room.js';
import type { Principal } from '../domain/principal.js';

/**
 * Verified tokens by their SHA-256, bounded, each until its `exp`. A shorter hash could collide, and a collision would
 * swap identities.
 */
export class TokenCache {
  private readonly entries = new Map<string, Principal>();
  private clears = 0;
  private drops = 0;

  constructor(
    private readonly capacity: number,
    private readonly nowSeconds: () => number = () => Date.now() / 1000,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  /** Returns the number of entries dropped so far because the cache was full. */
  get evicted(): number {
    return this.drops;
  }

  static key(token: string): string {
    return hash('sha256', token, 'base64');
  }

  get(key: string): Principal | undefined {
    const principal = this.entries.get(key);
    if (principal === undefined) return undefined;
    if (principal.expiresAt > this.nowSeconds()) return principal;
    this.entries.delete(key);
    return undefined;
  }

  /** Removes all tokens, since a key that signed some of them was withdrawn. */
  clear(): void {
    this.entries.clear();
    this.clears += 1;
  }

  /**
   * Number of clears so far. Read before a verification starts, so that {@link set} can tell whether the result is
   * still valid.
   */
  get generation(): number {
    return this.clears;
  }

  /**
   * Caches a token that was verified since `generation`; when full, the oldest entry is dropped. A token whose
   * verification began before the last clear is not cached: its key may have been withdrawn.
   */
  set(key: string, principal: Principal, generation: number): void {
    if (this.capacity === 0 || generation !== this.clears) return;
    this.drops += makeRoom(this.entries, this.capacity);
    this.entries.set(key, principal);
  }
}
