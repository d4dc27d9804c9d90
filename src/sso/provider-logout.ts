import type { SessionRecord } from './session-record.js';
import type { ProviderLogout } from './session-registry.js';
import type { PeekedSession, Sessions } from './sessions.js';

/**
 * Result of a logout. `mismatch`: the session belongs to another user. `unknown`: neither the session nor the user was
 * ever known here.
 */
export type LogoutFinding = 'ended' | 'mismatch' | 'unknown';

/** Number of sessions that are read or ended concurrently. */
const BATCH = 50;

/**
 * Ends the sessions that a logout names (OpenID Connect Back-Channel Logout 1.0, 2.6 and 2.7). With `sid` these are the
 * sessions that began in it, which must belong to `sub` if that is named too, and sessions of `sub` for which the
 * provider never stated a `sid`. A repetition after a failure continues where the failure occurred.
 * @param onEnded is called with each session that ends, also when another one fails.
 */
export async function endAtProvider(
  sessions: Sessions,
  logout: ProviderLogout,
  onEnded: (record: SessionRecord) => void,
): Promise<LogoutFinding> {
  if ((await locate(sessions, logout)) === 'mismatch') return 'mismatch';
  await sessions.registry.noteLogout(logout);
  // Repeated, since a session that begins from here on sees the note.
  const keys = await locate(sessions, logout);
  if (typeof keys === 'string') return keys;
  await inBatches(keys, async (key) => {
    const record = await sessions.endKey(key);
    if (record === undefined) await sessions.registry.removeEnded(logout, key);
    else onEnded(record);
  });
  return 'ended';
}

async function locate(
  sessions: Sessions,
  { issuer, identity, providerSession }: ProviderLogout,
): Promise<readonly string[] | Exclude<LogoutFinding, 'ended'>> {
  const mine = identity === undefined ? undefined : await sessions.registry.ofIdentity({ issuer, identity });
  if (providerSession === undefined) return mine ?? 'unknown';
  const begunInIt = await sessions.registry.ofProviderSession(issuer, providerSession);
  if (identity === undefined) return begunInIt ?? 'unknown';
  const isAnothers = ({ record }: PeekedSession) => record.identity !== identity;
  if ((await keysWhere(sessions, begunInIt ?? [], isAnothers)).length > 0) return 'mismatch';
  const isUnnamed = ({ record }: PeekedSession) => record.providerSession === undefined;
  const unnamed = await keysWhere(sessions, mine ?? [], isUnnamed);
  return begunInIt === undefined && unnamed.length === 0 ? 'unknown' : [...(begunInIt ?? []), ...unnamed];
}

async function keysWhere(
  sessions: Sessions,
  keys: readonly string[],
  isMeant: (session: PeekedSession) => boolean,
): Promise<string[]> {
  const found = await inBatches(keys, async (key) => {
    const peeked = await sessions.peekKey(key);
    return peeked !== undefined && isMeant(peeked) ? [key] : [];
  });
  return found.flat();
}

/** Runs the work in batches. Rejects after the whole batch in which one failed. */
async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += BATCH) {
    const batch = await Promise.allSettled(items.slice(at, at + BATCH).map(work));
    for (const result of batch) {
      if (result.status === 'rejected') throw result.reason;
      results.push(result.value);
    }
  }
  return results;
}
