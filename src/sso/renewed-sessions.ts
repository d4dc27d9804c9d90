import { setTimeout as pause } from 'node:timers/promises';
import { makeRoom } from '../domain/make-room.js';
import type { SessionRecord } from './session-record.js';
import type { Sessions } from './sessions.js';

/** Maximum number of renewals waiting to be written; when full, the oldest is dropped. */
const CAPACITY = 1_000;
const RETRY_MS = 250;

/**
 * Renewed sessions that could not be written: their old refresh token is redeemed, and the only valid one is here.
 * Writing is retried while their lock lasts, and by the next renewal of this process after that.
 */
export class RenewedSessions {
  private readonly held = new Map<string, SessionRecord>();
  private drops = 0;

  constructor(private readonly sessions: Sessions) {}

  /** Returns the number of entries dropped so far because the map was full. */
  get evicted(): number {
    return this.drops;
  }

  /** Returns the waiting renewal of exactly this record; undefined if there is none. */
  of(id: string, latest: SessionRecord): SessionRecord | undefined {
    const held = this.held.get(id);
    if (held === undefined || held.generation === latest.generation + 1) return held;
    this.held.delete(id);
    return undefined;
  }

  /**
   * Writes a renewal. Resolves to false if the session has ended meanwhile. A renewal that cannot be written is held,
   * and the error is thrown.
   */
  async write(id: string, renewed: SessionRecord): Promise<boolean> {
    if (!this.held.has(id)) this.drops += makeRoom(this.held, CAPACITY);
    this.held.set(id, renewed);
    const isThere = await this.sessions.replace(id, renewed);
    this.held.delete(id);
    return isThere;
  }

  /**
   * Resolves once a held renewal has been written, its session has ended, or its lock ends. Undefined if no renewal of
   * this session is held. Never rejects.
   * @param endsAt monotonic ms.
   */
  writing(id: string, endsAt: number): Promise<void> | undefined {
    const renewed = this.held.get(id);
    return renewed === undefined ? undefined : this.keepTrying(id, renewed, endsAt);
  }

  private async keepTrying(id: string, renewed: SessionRecord, endsAt: number): Promise<void> {
    while (performance.now() < endsAt - RETRY_MS) {
      await pause(RETRY_MS, undefined, { ref: false });
      if (this.held.get(id) !== renewed) return;
      await this.write(id, renewed).catch(() => undefined);
    }
  }
}
