import { hash, randomBytes } from 'node:crypto';
import type { SealedBox } from '../redis/sealed-box.js';
import { parseRecord, type SessionRecord } from './session-record.js';
import type { SessionStore } from './session-store.js';

const ID_BYTES = 32;
const ID_FORM = /^[A-Za-z0-9_-]{43}$/;

interface SessionLimits {
  readonly idleMs: number;
  readonly maxAgeMs: number;
}

/** Who is to be signed out, in the words of an identity provider. */
export interface ProviderLogout {
  readonly issuer: string;
  readonly providerSession: string | undefined;
  readonly identity: string | undefined;
}

/** Browser sessions by the id in their cookie. The store sees the hash of an id and sealed records. */
export class Sessions {
  constructor(
    private readonly store: SessionStore,
    private readonly box: SealedBox,
    private readonly limits: SessionLimits,
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** Keeps a new session and gives its id: 256 random bits, never one that a client proposed. */
  async begin(record: SessionRecord): Promise<string> {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const key = keyOf(id);
    // Noted first: a session that cannot be found by its provider could not be ended by it.
    for (const set of setsOf(record)) await this.store.note(set, key, this.limits.maxAgeMs + this.limits.idleMs);
    await this.store.write(key, this.seal(key, record), this.limits.idleMs);
    return id;
  }

  /** The session of an id, kept for another idle time. Undefined when there is none, or it is too old. */
  async find(id: string): Promise<SessionRecord | undefined> {
    if (!ID_FORM.test(id)) return undefined;
    const key = keyOf(id);
    const record = this.open(key, await this.store.read(key, this.limits.idleMs));
    if (record === undefined || record.createdAt + this.limits.maxAgeMs > this.now()) return record;
    await this.store.take(key);
    return undefined;
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

  /** Ends a session and gives what it was. */
  async end(id: string): Promise<SessionRecord | undefined> {
    const key = keyOf(id);
    return this.open(key, await this.store.take(key));
  }

  /**
   * Ends what a provider asks for: one of its sessions, or all of an identity. Undefined when it speaks of nothing that
   * was ever known here; an empty list when all of it has ended already.
   */
  async endAt({ issuer, providerSession, identity }: ProviderLogout): Promise<SessionRecord[] | undefined> {
    const set =
      providerSession === undefined ? identitySet(issuer, identity ?? '') : sessionSet(issuer, providerSession);
    const keys = await this.store.noted(set);
    if (keys.length === 0) return undefined;
    const ended: SessionRecord[] = [];
    for (const key of keys) {
      const record = this.open(key, await this.store.take(key));
      if (record !== undefined) ended.push(record);
    }
    return ended;
  }

  private seal(key: string, record: SessionRecord): string {
    return this.box.seal(key, JSON.stringify(record));
  }

  private open(key: string, sealed: string | undefined): SessionRecord | undefined {
    const text = sealed === undefined ? undefined : this.box.open(key, sealed);
    return text === undefined ? undefined : parseRecord(text);
  }
}

/** The name under which a session is locked and kept: from a copy of the store nobody gets a cookie. */
export function keyOf(id: string): string {
  return hash('sha256', id, 'base64url');
}

function setsOf({ issuer, identity, providerSession }: SessionRecord): string[] {
  const all = identitySet(issuer, identity);
  return providerSession === undefined ? [all] : [all, sessionSet(issuer, providerSession)];
}

function identitySet(issuer: string, identity: string): string {
  return `sub:${keyOf(JSON.stringify([issuer, identity]))}`;
}

function sessionSet(issuer: string, providerSession: string): string {
  return `sid:${keyOf(JSON.stringify([issuer, providerSession]))}`;
}
