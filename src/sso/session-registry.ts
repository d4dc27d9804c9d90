import { hash } from 'node:crypto';
import { MAX_MEMBERS, type SessionStore } from './session-store.js';

/** How long a logout is remembered: longer than a sign-in takes from its ID token to its session. */
const LOGOUT_MEMORY_MS = 600_000;

/** A person at a provider, in one of their sessions there where the provider names it (OIDC `iss`, `sub`, `sid`). */
export interface ProviderIdentity {
  readonly issuer: string;
  readonly identity: string;
  readonly providerSession?: string | undefined;
}

/** Who is to be signed out, in the words of a provider: a person (`sub`), one of their sessions there (`sid`), or both. */
export interface ProviderLogout {
  readonly issuer: string;
  /** Good for one use (`jti`). */
  readonly tokenId: string;
  /** By the provider's clock, Unix seconds (`iat`). */
  readonly issuedAt: number;
  readonly identity: string | undefined;
  readonly providerSession: string | undefined;
}

/** Logouts that concern a person who is about to begin a session. */
export interface LogoutsSeen {
  /** Changes with each of them. */
  readonly marks: string;
  /** The latest `iat`; -Infinity where there was none. */
  readonly latestAt: number;
}

/** Which sessions belong to a person and to a session at a provider, so that the provider can end them. */
export class SessionRegistry {
  /** @param lifeMs longest life of a session. */
  constructor(
    private readonly store: SessionStore,
    private readonly lifeMs: number,
  ) {}

  async add(owner: ProviderIdentity, key: string): Promise<void> {
    for (const set of setsOf(owner)) await this.store.note(set, key, this.lifeMs);
  }

  /** Never rejects: the key of a session that has ended does no harm, and goes with time. */
  async remove(owner: ProviderIdentity, key: string): Promise<void> {
    for (const set of setsOf(owner)) await this.forget(set, key);
  }

  /** The same for a session that has ended before, of which only a logout says whose it was. */
  async removeEnded({ issuer, identity, providerSession }: ProviderLogout, key: string): Promise<void> {
    if (identity !== undefined) return this.remove({ issuer, identity, providerSession }, key);
    if (providerSession !== undefined) await this.forget(sessionSet(issuer, providerSession), key);
  }

  /** Keys of sessions of a person, the oldest first; undefined for one who was never here. */
  ofIdentity({ issuer, identity }: ProviderIdentity): Promise<readonly string[] | undefined> {
    return this.store.noted(identitySet(issuer, identity));
  }

  /** Keys of sessions that began in a session of the provider; undefined for one that was never known here. */
  ofProviderSession(issuer: string, providerSession: string): Promise<readonly string[] | undefined> {
    return this.store.noted(sessionSet(issuer, providerSession));
  }

  /** Keys that are in the way of another session of the same person: the oldest, where a set can hold no more. */
  async surplus(owner: ProviderIdentity): Promise<readonly string[]> {
    const keys = (await this.ofIdentity(owner)) ?? [];
    if (keys.length < MAX_MEMBERS) return [];
    const isLive = await this.store.have(keys);
    for (const dead of keys.filter((_, index) => !isLive[index])) await this.remove(owner, dead);
    const live = keys.filter((_, index) => isLive[index]);
    return live.slice(0, Math.max(0, live.length - MAX_MEMBERS + 1));
  }

  /** Remembers a logout. To be called before the sessions are looked up that it ends. */
  async noteLogout({ issuer, tokenId, issuedAt, identity, providerSession }: ProviderLogout): Promise<void> {
    const set =
      providerSession === undefined ? identitySet(issuer, identity ?? '') : sessionSet(issuer, providerSession);
    await this.store.write(markOf(set), `${issuedAt} ${keyOf(tokenId)}`, LOGOUT_MEMORY_MS);
  }

  /** The logouts of late that would end a session of this owner. */
  async logoutsOf(owner: ProviderIdentity): Promise<LogoutsSeen> {
    const peeked = await Promise.all(setsOf(owner).map((set) => this.store.peek(markOf(set))));
    const marks = peeked.flatMap((mark) => mark?.value ?? []);
    return { marks: marks.join(), latestAt: Math.max(...marks.map((mark) => Number.parseFloat(mark))) };
  }

  private forget(set: string, key: string): Promise<void> {
    return this.store.forget(set, key).catch(() => undefined);
  }
}

/** The name under which an id is kept: from a copy of the store nobody gets a cookie. */
export function keyOf(id: string): string {
  return hash('sha256', id, 'base64url');
}

function setsOf({ issuer, identity, providerSession }: ProviderIdentity): string[] {
  const all = identitySet(issuer, identity);
  return providerSession === undefined ? [all] : [all, sessionSet(issuer, providerSession)];
}

function identitySet(issuer: string, identity: string): string {
  return `sub:${keyOf(JSON.stringify([issuer, identity]))}`;
}

function sessionSet(issuer: string, providerSession: string): string {
  return `sid:${keyOf(JSON.stringify([issuer, providerSession]))}`;
}

function markOf(set: string): string {
  return `ended:${set}`;
}
