import { hash } from 'node:crypto';
import { MAX_MEMBERS, type SessionStore } from './session-store.js';

/** Time for which a logout is remembered, in ms: longer than a sign-in takes from its ID token to its session. */
const LOGOUT_MEMORY_MS = 600_000;

/** User at a provider, and the session there if the provider names it (OIDC `iss`, `sub`, `sid`). */
export interface ProviderIdentity {
  readonly issuer: string;
  readonly identity: string;
  readonly providerSession?: string | undefined;
}

/** Logout request of a provider for a user (`sub`), one of their sessions there (`sid`), or both. */
export interface ProviderLogout {
  readonly issuer: string;
  /** Valid for one use (`jti`). */
  readonly tokenId: string;
  /** By the provider's clock, Unix seconds (`iat`). */
  readonly issuedAt: number;
  readonly identity: string | undefined;
  readonly providerSession: string | undefined;
}

/** Recent logouts of a user who is about to begin a session. */
export interface LogoutsSeen {
  /** Changes with each logout. */
  readonly marks: string;
  /** The latest `iat`; -Infinity if there was none. */
  readonly latestAt: number;
}

/** Maps users and sessions at providers to sessions of the gateway, so that providers can end them. */
export class SessionRegistry {
  /** @param lifeMs maximum lifetime of a session. */
  constructor(
    private readonly store: SessionStore,
    private readonly lifeMs: number,
  ) {}

  async add(owner: ProviderIdentity, key: string): Promise<void> {
    for (const set of setsOf(owner)) await this.store.note(set, key, this.lifeMs);
  }

  /** Never rejects: the key of an ended session is harmless and expires. */
  async remove(owner: ProviderIdentity, key: string): Promise<void> {
    for (const set of setsOf(owner)) await this.forget(set, key);
  }

  /** Removes the key of a session that has ended before, whose owner is known only from a logout. */
  async removeEnded({ issuer, identity, providerSession }: ProviderLogout, key: string): Promise<void> {
    if (identity !== undefined) return this.remove({ issuer, identity, providerSession }, key);
    if (providerSession !== undefined) await this.forget(sessionSet(issuer, providerSession), key);
  }

  /** Returns the keys of a user's sessions, the oldest first; undefined for a user who was never here. */
  ofIdentity({ issuer, identity }: ProviderIdentity): Promise<readonly string[] | undefined> {
    return this.store.noted(identitySet(issuer, identity));
  }

  /** Returns the keys of sessions that began in a session of the provider; undefined if that was never known here. */
  ofProviderSession(issuer: string, providerSession: string): Promise<readonly string[] | undefined> {
    return this.store.noted(sessionSet(issuer, providerSession));
  }

  /** Returns the oldest keys of a user, which must go before another session can be added to a full set. */
  async surplus(owner: ProviderIdentity): Promise<readonly string[]> {
    const keys = (await this.ofIdentity(owner)) ?? [];
    if (keys.length < MAX_MEMBERS) return [];
    const isLive = await this.store.have(keys);
    for (const dead of keys.filter((_, index) => !isLive[index])) await this.remove(owner, dead);
    const live = keys.filter((_, index) => isLive[index]);
    return live.slice(0, Math.max(0, live.length - MAX_MEMBERS + 1));
  }

  /** Records a logout. To be called before the sessions are looked up that it ends. */
  async noteLogout({ issuer, tokenId, issuedAt, identity, providerSession }: ProviderLogout): Promise<void> {
    const set =
      providerSession === undefined ? identitySet(issuer, identity ?? '') : sessionSet(issuer, providerSession);
    await this.store.write(markOf(set), `${issuedAt} ${keyOf(tokenId)}`, LOGOUT_MEMORY_MS);
  }

  /** Returns the recent logouts that would end a session of this owner. */
  async logoutsOf(owner: ProviderIdentity): Promise<LogoutsSeen> {
    const peeked = await Promise.all(setsOf(owner).map((set) => this.store.peek(markOf(set))));
    const marks = peeked.flatMap((mark) => mark?.value ?? []);
    return { marks: marks.join(), latestAt: Math.max(...marks.map((mark) => Number.parseFloat(mark))) };
  }

  private forget(set: string, key: string): Promise<void> {
    return this.store.forget(set, key).catch(() => undefined);
  }
}

/** Returns the store key of an ID: a hash, so that a copy of the store does not contain cookies. */
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
