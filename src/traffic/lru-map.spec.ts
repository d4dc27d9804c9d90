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
