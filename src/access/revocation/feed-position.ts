import type { Redis } from 'ioredis';
import { FEED_KEY } from './revocation-store.js';

/** The beginning of any stream. */
const START = '0-0';

/** What a stream tells of itself (XINFO STREAM). */
export interface FeedState {
  /** Id of the last entry that was ever added. */
  readonly lastId: string;
  /** Entries that were ever added; undefined before Redis 7, which does not count them. */
  readonly added: number | undefined;
  readonly length: number;
  /** Id of the first entry that is left; undefined where none is. */
  readonly firstId: string | undefined;
  /** Greatest id that was taken out by XDEL. */
  readonly lastDeletedId: string;
}

/** How far a reader has come: the id of the last entry read, and how many entries there were up to it. */
export interface FeedPosition {
  readonly id: string;
  readonly count: number | undefined;
}

const NO_STREAM: FeedState = { lastId: START, added: 0, length: 0, firstId: undefined, lastDeletedId: START };

/** Undefined where the user of Redis may not ask. */
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

/** Where the feed ends now. */
export async function readFeedEnd(redis: Redis): Promise<FeedPosition> {
  const state = await readFeedState(redis);
  if (state !== undefined) return endOf(state);
  const [last] = await redis.xrevrange(FEED_KEY, '+', '-', 'COUNT', 1);
  return { id: last?.[0] ?? START, count: undefined };
}

/** The position behind all that a stream holds. */
export function endOf({ lastId, added }: FeedState): FeedPosition {
  return { id: lastId, count: added };
}

/** The position after another one, when so many entries have been read beyond it. */
export function advance({ id, count }: FeedPosition, ids: readonly string[]): FeedPosition {
  return { id: ids.at(-1) ?? id, count: count === undefined ? undefined : count + ids.length };
}

/** Whether the stream is another one than that which was read: it is empty, or shorter or older than it was. */
export function hasRestarted(position: FeedPosition, { lastId, added }: FeedState): boolean {
  return isAfter(position.id, lastId) || (added ?? Infinity) < (position.count ?? 0);
}

/** Whether entries behind a position are gone. True as well where Redis does not count and the entry at the position is gone. */
export function hasGap({ id, count }: FeedPosition, state: FeedState): boolean {
  if (isAfter(state.lastDeletedId, id)) return true;
  if (state.added !== undefined && count !== undefined) return state.added - state.length > count;
  return state.firstId !== undefined && isAfter(state.firstId, id) && id !== START;
}

/** Whether the first of two ids, `<ms>-<seq>`, is the later one. */
function isAfter(one: string, other: string): boolean {
  const [ms = 0n, seq = 0n] = one.split('-').map(BigInt);
  const [otherMs = 0n, otherSeq = 0n] = other.split('-').map(BigInt);
  return ms > otherMs || (ms === otherMs && seq > otherSeq);
}
