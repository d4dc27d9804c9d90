import type { Redis } from 'ioredis';
import type { RevocationMemory } from './revocation-memory.js';
import type { RevocationRecord } from './revocation-record.js';
import type { RevocationSignals } from './revocation-signals.js';
import {
  cleanUp,
  filterUnknown,
  publishToken,
  readTokens,
  readVersions,
  restoreTokens,
  restoreVersion,
} from './revocation-store.js';

/** Synchronizes memory and store in both directions: each restores what the other has lost. */
export class RevocationSync {
  constructor(
    private readonly memory: RevocationMemory,
    private readonly signals: RevocationSignals,
    private readonly capacity: number,
    private readonly oldest: () => number,
  ) {}

  /** Runs one full pass. Rejects when the store fails; what was read by then is kept. */
  async run(redis: Redis): Promise<void> {
    this.memory.sweep();
    await cleanUp(redis);
    await this.syncTokens(redis);
    await this.syncVersions(redis);
    this.signals.measure(this.memory);
  }

  private async syncTokens(redis: Redis): Promise<void> {
    const stored = new Set<string>();
    const take = (record: RevocationRecord | undefined) => {
      if (record?.kind !== 'token') return this.signals.unreadable();
      stored.add(record.tokenId);
      this.memory.take(record);
    };
    await readTokens(redis, this.oldest(), take, () => stored.size > this.capacity);
    for (const [tokenId, expiresAt] of this.memory.pending()) {
      await publishToken(redis, tokenId, expiresAt);
      this.memory.setStored(tokenId, true);
      stored.add(tokenId);
    }
    if (stored.size <= this.capacity) await this.restore(redis, stored);
  }

  /**
   * Restores tokens that the store has lost. The whole set has been read, so tokens that only memory has are missing in
   * it.
   */
  private async restore(redis: Redis, stored: ReadonlySet<string>): Promise<void> {
    // A token that was revoked while the set was read may be missing in what was read.
    const lost = await filterUnknown(redis, this.memory.missingIn(stored));
    if (stored.size + lost.length <= this.capacity) this.memory.tokens.settle();
    if (lost.length > 0) this.signals.truncated(lost.length, stored.size);
    await restoreTokens(redis, lost);
    this.signals.whole();
  }

  /** Synchronizes the versions. A failure does not end the following of the feed: known versions stay in force. */
  private async syncVersions(redis: Redis): Promise<void> {
    const stored = new Set<string>();
    const take = (record: RevocationRecord | undefined) => {
      if (record?.kind !== 'version') return this.signals.unreadable();
      stored.add(`${record.owner}:${record.id}`);
      this.memory.take(record);
    };
    try {
      await readVersions(redis, take, () => stored.size > 2 * this.capacity);
      for (const [owner, id, version] of this.memory.versions.entries()) {
        if (!stored.has(`${owner}:${id}`)) await restoreVersion(redis, owner, id, version);
      }
      this.signals.versionsSynced();
    } catch (error) {
      this.signals.versionsFailed(error);
    }
  }
}
