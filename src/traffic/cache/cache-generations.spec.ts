import { expect, it } from 'vitest';
import { CacheGenerations } from './memory-response-store.js';

it('a mark moves with the writes of its group alone', () => {
  const marks = new CacheGenerations();
  const before = ['a', 'b'].map((group) => marks.of(group));
  marks.move('a');
  expect(marks.of('a')).not.toBe(before[0]);
  expect(marks.of('b')).toBe(before[1]);
});

it('when there are too many groups all marks move, and none ever returns', () => {
  const marks = new CacheGenerations(3);
  const seen = new Map<string, Set<number>>();
  for (let at = 0; at < 100; at++) {
    const group = `group ${at % 7}`;
    const before = seen.get(group) ?? new Set();
    seen.set(group, before.add(marks.of(group)));
    marks.move(group);
    expect(before.has(marks.of(group))).toBe(false);
  }
});
