import { hash } from 'node:crypto';
import type { Principal } from '../domain/principal.js';

/** Verified tokens by their SHA-256, bounded, each until its own `exp`: a short hash could collide, and a collision is an identity swap. */
export class TokenCache {
  private readonly entries = new Map<string, Principal>();

  constructor(
    private readonly capacity: number,
    private readonly nowSeconds: () => number = () => Date.now() / 1000,
  ) {}

  get size(): number {
    return this.entries.size;
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

  /** Forgets all tokens: what vouched for some of them is gone. */
  clear(): void {
    this.entries.clear();
  }

  /** Takes in a verified token; the one that came first goes when the cache is full. */
  set(key: string, principal: Principal): void {
    if (this.capacity === 0) return;
    if (this.entries.size >= this.capacity) this.entries.delete(this.entries.keys().next().value ?? '');
    this.entries.set(key, principal);
  }
}
