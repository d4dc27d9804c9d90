import { describe, expect, it } from 'vitest';
import { advance, type FeedPosition, type FeedState, hasGap, hasRestarted } from './feed-position.js';

/** A stream of ten entries, 1-0 to 10-0, of which the last five are left. */
const STREAM: FeedState = { lastId: '10-0', added: 10, length: 5, firstId: '6-0', lastDeletedId: '0-0' };
/** The same in Redis before 7, which says less. */
const OLD: FeedState = { ...STREAM, added: undefined };
const at = (id: string, count?: number): FeedPosition => ({ id, count });

describe('a gap', () => {
  it.each([
    ['nothing was trimmed', STREAM, at('8-0', 8), false],
    ['what was read was trimmed', STREAM, at('5-0', 5), false],
    ['one unread entry was trimmed', STREAM, at('4-0', 4), true],
    ['all was trimmed, and all was read', { ...STREAM, length: 0, firstId: undefined }, at('10-0', 10), false],
    ['all was trimmed, and one was not read', { ...STREAM, length: 0, firstId: undefined }, at('9-0', 9), true],
    ['an unread entry was deleted', { ...STREAM, length: 4, lastDeletedId: '8-0' }, at('7-0', 7), true],
    ['nobody has read, nothing was trimmed', { ...STREAM, added: 5 }, at('0-0', 0), false],
    ['nobody has read, and much was trimmed', STREAM, at('0-0', 0), true],
    ['an old Redis still holds the entry at the position', OLD, at('8-0'), false],
    ['an old Redis no longer does, so that nobody knows', OLD, at('4-0'), true],
    ['an old Redis was never read', OLD, at('0-0'), false],
    ['the ids differ in their sequence alone', { ...OLD, firstId: '6-12' }, at('6-9'), true],
    ['the ids have another number of digits', { ...OLD, firstId: '6-9' }, at('6-12'), false],
  ] as const)('%s: %j from %j', (_what, state, position, expected) => {
    expect(hasGap(position, state)).toBe(expected);
  });
});

describe('a stream that is another one', () => {
  it.each([
    ['its last id is earlier', STREAM, at('11-0', 10), true],
    ['it had fewer entries than were read', STREAM, at('10-0', 11), true],
    ['it is the same', STREAM, at('10-0', 10), false],
    ['an old Redis does not count', OLD, at('10-0'), false],
  ] as const)('%s', (_what, state, position, expected) => {
    expect(hasRestarted(position, state)).toBe(expected);
  });
});

it('a position moves by what was read', () => {
  expect(advance(at('1-0', 1), ['2-0', '2-1'])).toEqual(at('2-1', 3));
  expect(advance(at('1-0'), [])).toEqual(at('1-0'));
});
