import type { SessionRecord } from './session-record.js';
import type { Sessions } from './sessions.js';

/** Who is to be signed out, in the words of a provider: a person (`sub`), one of their sessions there (`sid`), or both. */
export interface ProviderLogout {
  readonly issuer: string;
  /** Good for one use. */
  readonly tokenId: string;
  readonly identity: string | undefined;
  readonly providerSession: string | undefined;
}

/** `mismatch`: the session is another person's. `unknown`: neither the session nor the person was ever known here. */
export type LogoutFinding = 'ended' | 'mismatch' | 'unknown';

/**
 * Ends the sessions that a logout names (OpenID Connect Back-Channel Logout 1.0, 2.6 and 2.7). With `sid` these are the
 * sessions that began in it, which must be those of `sub` where that is named too, and sessions of `sub` of which the
 * provider never said the `sid`. A repetition after a failure goes on where the failure was.
 * @param onEnded is given each session that ends, also when a later one fails.
 */
export async function endAtProvider(
  sessions: Sessions,
  logout: ProviderLogout,
  onEnded: (record: SessionRecord) => void,
): Promise<LogoutFinding> {
  if ((await locate(sessions, logout)) === 'mismatch') return 'mismatch';
  await sessions.registry.noteLogout(logout, logout.tokenId);
  // Again: from here on a session that begins sees the note.
  const keys = await locate(sessions, logout);
  if (typeof keys === 'string') return keys;
  for (const key of keys) {
    const record = await sessions.endKey(key);
    if (record !== undefined) onEnded(record);
  }
  return 'ended';
}

async function locate(
  sessions: Sessions,
  logout: ProviderLogout,
): Promise<readonly string[] | Exclude<LogoutFinding, 'ended'>> {
  const { issuer, identity, providerSession } = logout;
  const mine = identity === undefined ? undefined : await sessions.registry.ofIdentity({ issuer, identity });
  if (providerSession === undefined) return mine ?? 'unknown';
  const begunInIt = await sessions.registry.ofProviderSession(issuer, providerSession);
  for (const key of begunInIt ?? []) {
    const peeked = await sessions.peekKey(key);
    if (identity !== undefined && peeked !== undefined && peeked.record.identity !== identity) return 'mismatch';
  }
  const unnamed = await withoutProviderSession(sessions, mine ?? []);
  return begunInIt === undefined && unnamed.length === 0 ? 'unknown' : [...(begunInIt ?? []), ...unnamed];
}

async function withoutProviderSession(sessions: Sessions, keys: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const key of keys) {
    const peeked = await sessions.peekKey(key);
    if (peeked !== undefined && peeked.record.providerSession === undefined) found.push(key);
  }
  return found;
}
