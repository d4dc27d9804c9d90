import { randomBytes } from 'node:crypto';
import type { AeadCipher } from '../redis/aead-cipher.js';
import { parseRecord, type SessionRecord } from './session-record.js';
import { keyOf, type LogoutsSeen, type ProviderIdentity, SessionRegistry } from './session-registry.js';
import type { SessionStore } from './session-store.js';

const ID_BYTES = 32;
const ID_FORM = /^[A-Za-z0-9_-]{43}$/;
/** How long it is remembered that a session gave way to another: longer than a request that began before. */
const REPLACED_MS = 120_000;

interface SessionLimits {
  readonly idleMs: number;
  readonly maxAgeMs: number;
}

/** A session, and how long it lasts if nobody uses it. */
export interface PeekedSession {
  readonly record: SessionRecord;
  readonly idleEndsInMs: number;
}

/** Browser sessions by the id in their cookie. The store sees the hash of an id and sealed records. */
export class Sessions {
  readonly registry: SessionRegistry;

  constructor(
    private readonly store: SessionStore,
    private readonly cipher: AeadCipher,
    private readonly limits: SessionLimits,
    private readonly now: () => number = () => Date.now(),
  ) {
    this.registry = new SessionRegistry(store, limits.maxAgeMs + limits.idleMs);
  }

  /**
   * Keeps a new session and returns its id: 256 random bits, never one that a client proposed. Undefined when the
   * provider ended it before it began.
   * @param logoutsBefore what {@link SessionRegistry.logoutsOf} said when the identity was verified.
   */
  async begin(record: SessionRecord, logoutsBefore: LogoutsSeen): Promise<string | undefined> {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const key = keyOf(id);
    // Registered first: a session that cannot be found by its provider could not be ended by it.
    await this.registry.add(record, key);
    await this.store.write(key, this.seal(key, record), this.limits.idleMs);
    if ((await this.registry.logoutsOf(record)).marks === logoutsBefore.marks) return id;
    await this.endKey(key);
    return undefined;
  }

  /** Ends the oldest sessions of a person who has as many as can be registered; returns what they were. */
  async makeRoom(owner: ProviderIdentity): Promise<SessionRecord[]> {
    const ended: SessionRecord[] = [];
    for (const key of await this.registry.surplus(owner)) {
      const record = await this.endKey(key);
      if (record !== undefined) ended.push(record);
    }
    return ended;
  }

  /** Returns the session of an id and keeps it for another idle time. Undefined when there is none, or it is too old. */
  async find(id: string): Promise<SessionRecord | undefined> {
    if (!ID_FORM.test(id)) return undefined;
    const key = keyOf(id);
    const record = this.open(key, await this.store.read(key, this.limits.idleMs));
    if (record === undefined || !this.isTooOld(record)) return record;
    await this.endKey(key);
    return undefined;
  }

  /** {@link find} without keeping it for longer. */
  async peek(id: string): Promise<PeekedSession | undefined> {
    if (!ID_FORM.test(id)) return undefined;
    const peeked = await this.peekKey(keyOf(id));
    return peeked === undefined || this.isTooOld(peeked.record) ? undefined : peeked;
  }

  /** {@link peek} by the key under which a session is kept, at whatever age. */
  async peekKey(key: string): Promise<PeekedSession | undefined> {
    const peeked = await this.store.peek(key);
    const record = this.open(key, peeked?.value);
    return record === undefined ? undefined : { record, idleEndsInMs: peeked?.endsInMs ?? 0 };
  }

  /** Whether each of these sessions is still kept, in their order, without prolonging it. */
  areLive(ids: readonly string[]): Promise<readonly boolean[]> {
    return this.store.have(ids.map(keyOf));
  }

  /** False when the session has ended meanwhile: a late renewal must not revive it. */
  replace(id: string, record: SessionRecord): Promise<boolean> {
    const key = keyOf(id);
    return this.store.replace(key, this.seal(key, record));
  }

  /** Ends a session and returns what it was. */
  async end(id: string): Promise<SessionRecord | undefined> {
    return ID_FORM.test(id) ? this.endKey(keyOf(id)) : undefined;
  }

  /** {@link end} for a session whose browser has just been given another one. */
  async supersede(id: string): Promise<SessionRecord | undefined> {
    if (!ID_FORM.test(id)) return undefined;
    await this.store.write(supersededKey(id), '1', REPLACED_MS).catch(() => undefined);
    return this.endKey(keyOf(id));
  }

  /** Whether the browser of an ended session holds a newer one, which an answer to an older request must not take away. */
  async isSuperseded(id: string): Promise<boolean> {
    return ID_FORM.test(id) && (await this.store.peek(supersededKey(id))) !== undefined;
  }

  /** {@link end} by the key under which a session is kept. */
  async endKey(key: string): Promise<SessionRecord | undefined> {
    const record = this.open(key, await this.store.take(key));
    if (record !== undefined) await this.registry.remove(record, key);
    return record;
  }

  private isTooOld({ createdAt }: SessionRecord): boolean {
    return createdAt + this.limits.maxAgeMs <= this.now();
  }

  private seal(key: string, record: SessionRecord): string {
    return this.cipher.seal(key, JSON.stringify(record));
  }

  private open(key: string, sealed: string | undefined): SessionRecord | undefined {
    const text = sealed === undefined ? undefined : this.cipher.open(key, sealed);
    return text === undefined ? undefined : parseRecord(text);
  }
}

function supersededKey(id: string): string {
  return `superseded:${keyOf(id)}`;
}
