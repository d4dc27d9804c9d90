import { expect, it } from 'vitest';
import { LruMap } from './lru-map.js';

it('a full map forgets what was asked for longest ago', () => {
  const map = new LruMap<string, object>(2);
  map.set('a', {});
  map.set('b', {});
  map.get('a');
  map.set('c', {});
  map.set('c', {});
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([{}, undefined, {}]);
  expect(map.size).toBe(2);
});

it('a key that is asked for again and again still ages when others are', () => {
  const map = new LruMap<string, object>(2);
  map.set('a', {});
  map.set('b', {});
  for (const key of ['b', 'a', 'a', 'b', 'b']) map.get(key);
  map.set('c', {});
  map.get('b');
  map.set('d', {});
  expect(['a', 'b', 'c', 'd'].filter((key) => map.get(key) !== undefined)).toEqual(['b', 'd']);
});
