import type { Redis } from 'ioredis';
import { FEED_KEY } from './revocation-store.js';

/** ID before the first entry of any stream. */
const START = '0-0';

/** State of a stream (XINFO STREAM). */
export interface FeedState {
  /** ID of the last entry ever added. */
  readonly lastId: string;
  /** Number of entries ever added; undefined before Redis 7, which does not count them. */
  readonly added: number | undefined;
  readonly length: number;
  /** ID of the first remaining entry; undefined if there is none. */
  readonly firstId: string | undefined;
  /** Greatest ID deleted by XDEL. */
  readonly lastDeletedId: string;
}

/** Position of a reader: the ID of the last entry read, and the number of entries up to it. */
export interface FeedPosition {
  readonly id: string;
  readonly count: number | undefined;
}

const NO_STREAM: FeedState = { lastId: START, added: 0, length: 0, firstId: undefined, lastDeletedId: START };

/** Reads the state of the feed; undefined if the Redis user may not. */
export async function readFeedState(redis: Redis): Promise<FeedState | undefined> {
  try {
    const fields = (await redis.xinfo('STREAM', FEED_KEY)) as unknown[];
    const valueOf = (name: string) => (fields.includes(name) ? fields[fields.indexOf(name) + 1] : undefined);
    const added = valueOf('entries-added');
    return {
      lastId: valueOf('last-generated-id') as string,
      added: added === undefined ? undefined : Number(added),
      length: Number(valueOf('length')),
      firstId: (valueOf('first-entry') as readonly [string] | null)?.[0],
      lastDeletedId: (valueOf('max-deleted-entry-id') as string | undefined) ?? START,
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    if (text.startsWith('ERR no such key')) return NO_STREAM;
    if (text.startsWith('NOPERM')) return undefined;
    throw error;
  }
}

/** Returns the current end of the feed. */
export async function readFeedEnd(redis: Redis): Promise<FeedPosition> {
  const state = await readFeedState(redis);
  if (state !== undefined) return endOf(state);
  const [last] = await redis.xrevrange(FEED_KEY, '+', '-', 'COUNT', 1);
  return { id: last?.[0] ?? START, count: undefined };
}

/** Returns the position after all entries of a stream. */
export function endOf({ lastId, added }: FeedState): FeedPosition {
  return { id: lastId, count: added };
}

/** Returns the position after reading further entries. */
export function advance({ id, count }: FeedPosition, ids: readonly string[]): FeedPosition {
  return { id: ids.at(-1) ?? id, count: count === undefined ? undefined : count + ids.length };
}

/** Returns true if the stream is not the one that was read: it is empty, or shorter or older than before. */
export function hasRestarted(position: FeedPosition, { lastId, added }: FeedState): boolean {
  return isAfter(position.id, lastId) || (added ?? Infinity) < (position.count ?? 0);
}

/** Returns true if unread entries are gone. Also true if Redis does not count and the entry at the position is gone. */
export function hasGap({ id, count }: FeedPosition, state: FeedState): boolean {
  if (isAfter(state.lastDeletedId, id)) return true;
  if (state.added !== undefined && count !== undefined) return state.added - state.length > count;
  return state.firstId !== undefined && isAfter(state.firstId, id) && id !== START;
}

/** Returns true if the first of two IDs, `<ms>-<seq>`, is the later one. */
function isAfter(one: string, other: string): boolean {
  const [ms = 0n, seq = 0n] = one.split('-').map(BigInt);
  const [otherMs = 0n, otherSeq = 0n] = other.split('-').map(BigInt);
  return ms > otherMs || (ms === otherMs && seq > otherSeq);
}
