import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from './did-you-mean.js';

describe('nearest', () => {
  it.each([
    ['PORT', ['PORT'], 'PORT', 'the word itself'],
    ['abcdef', ['abcxyz'], 'abcxyz', 'three letters apart'],
    ['abcdef', ['abwxyz'], undefined, 'four letters apart'],
    ['abc', ['abcdef'], 'abcdef', 'three letters longer'],
    ['abc', ['abcdefg'], undefined, 'four letters longer'],
    ['abcdef', ['abc'], 'abc', 'three letters shorter'],
    ['abcdef', ['ab'], undefined, 'four letters shorter'],
    ['REDIS', ['REDIS_CONNECT_TIMEOUT'], 'REDIS_CONNECT_TIMEOUT', 'a name that begins with the word'],
    ['REDIS', ['REDISCONNECT'], undefined, 'a longer word with the same beginning'],
    ['REDIS', ['REDIS_CONNECT_TIMEOUT', 'REDDS'], 'REDDS', 'a misspelling after a beginning'],
    ['REDIS', ['REDDS', 'REDIS_CONNECT_TIMEOUT'], 'REDDS', 'a misspelling before a beginning'],
    ['abcdef', ['abcxyz', 'abcdeg', 'abcdyz'], 'abcdeg', 'the closest of several'],
    ['abcd', ['abcx', 'abcy'], 'abcx', 'the first of equally close ones'],
    ['abc', [], undefined, 'no candidates'],
  ])('finds for %s among %j: %s (%s)', (...[word, candidates, expected]) => {
    expect(nearest(word, candidates)).toBe(expected);
  });
});

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'abc', 0],
    ['abc', 'axc', 1],
    ['abc', 'abxc', 1],
    ['abc', 'ac', 1],
    ['ab', 'ba', 2],
    ['kitten', 'sitting', 3],
    ['a', 'xyz', 3],
  ])('from "%s" to "%s" is %d', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });
});
