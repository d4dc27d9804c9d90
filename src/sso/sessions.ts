import { randomBytes } from 'node:crypto';
import type { AeadCipher } from '../redis/aead-cipher.js';
import { parseRecord, type SessionRecord } from './session-record.js';
import { keyOf, type LogoutsSeen, type ProviderIdentity, SessionRegistry } from './session-registry.js';
import type { SessionStore } from './session-store.js';

const ID_BYTES = 32;
const ID_FORM = /^[A-Za-z0-9_-]{43}$/;
/** Time for which a replaced session is remembered, in ms: longer than a request that began before the replacement. */
const REPLACED_MS = 120_000;

interface SessionLimits {
  readonly idleMs: number;
  readonly maxAgeMs: number;
}

/** A session, and the time until it expires if it is not used. */
export interface PeekedSession {
  readonly record: SessionRecord;
  readonly idleEndsInMs: number;
}

/** Browser sessions by the ID in their cookie. The store contains only hashes of IDs and sealed records. */
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
   * Stores a new session and returns its ID: 256 random bits, never an ID that a client sent. Undefined if the provider
   * ended it before it began.
   * @param logoutsBefore result of {@link SessionRegistry.logoutsOf} when the identity was verified.
   */
  async begin(record: SessionRecord, logoutsBefore: LogoutsSeen): Promise<string | undefined> {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const key = keyOf(id);
    // Registered first: an unregistered session could not be ended by its provider.
    await this.registry.add(record, key);
    await this.store.write(key, this.seal(key, record), this.limits.idleMs);
    if ((await this.registry.logoutsOf(record)).marks === logoutsBefore.marks) return id;
    await this.endKey(key);
    return undefined;
  }

  /** Ends the oldest sessions of a user who has the maximum number, and returns them. */
  async makeRoom(owner: ProviderIdentity): Promise<SessionRecord[]> {
    const ended: SessionRecord[] = [];
    for (const key of await this.registry.surplus(owner)) {
      const record = await this.endKey(key);
      if (record !== undefined) ended.push(record);
    }
    return ended;
  }

  /**
   * Returns a session and extends it by the idle time. Undefined if there is none, or it has reached its maximum age.
   */
  async find(id: string): Promise<SessionRecord | undefined> {
    if (!ID_FORM.test(id)) return undefined;
    const key = keyOf(id);
    const record = this.open(key, await this.store.read(key, this.limits.idleMs));
    if (record === undefined || !this.isTooOld(record)) return record;
    await this.endKey(key);
    return undefined;
  }

  /** Returns a session without extending it; otherwise like {@link find}. */
  async peek(id: string): Promise<PeekedSession | undefined> {
    if (!ID_FORM.test(id)) return undefined;
    const peeked = await this.peekKey(keyOf(id));
    return peeked === undefined || this.isTooOld(peeked.record) ? undefined : peeked;
  }

  /** Returns a session by its store key, at whatever age; otherwise like {@link peek}. */
  async peekKey(key: string): Promise<PeekedSession | undefined> {
    const peeked = await this.store.peek(key);
    const record = this.open(key, peeked?.value);
    return record === undefined ? undefined : { record, idleEndsInMs: peeked?.endsInMs ?? 0 };
  }

  /** Returns for each session whether it still exists, in order, without extending it. */
  areLive(ids: readonly string[]): Promise<readonly boolean[]> {
    return this.store.have(ids.map(keyOf));
  }

  /** Resolves to false if the session has ended meanwhile: a late renewal must not revive it. */
  replace(id: string, record: SessionRecord): Promise<boolean> {
    const key = keyOf(id);
    return this.store.replace(key, this.seal(key, record));
  }

  /** Ends a session and returns it. */
  async end(id: string): Promise<SessionRecord | undefined> {
    return ID_FORM.test(id) ? this.endKey(keyOf(id)) : undefined;
  }

  /** Ends a session whose browser has just received another one, and returns it. */
  async supersede(id: string): Promise<SessionRecord | undefined> {
    if (!ID_FORM.test(id)) return undefined;
    await this.store.write(supersededKey(id), '1', REPLACED_MS).catch(() => undefined);
    return this.endKey(keyOf(id));
  }

  /**
   * Resolves to true if the browser of an ended session has a newer one, whose cookie the response to an older request
   * must not delete.
   */
  async isSuperseded(id: string): Promise<boolean> {
    return ID_FORM.test(id) && (await this.store.peek(supersededKey(id))) !== undefined;
  }

  /** Ends a session by its store key and returns it. */
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
