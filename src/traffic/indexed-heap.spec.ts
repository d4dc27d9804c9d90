import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IndexedHeap } from './indexed-heap.js';

interface Item {
  key: number;
}

/** What is done to a heap: a member (by its number) is placed with a key, or removed. */
const actions = fc.array(fc.record({ member: fc.nat(7), key: fc.option(fc.nat(20), { nil: undefined }) }), {
  maxLength: 60,
});

it('always gives the first of its members, whatever was placed, moved and removed', () => {
  fc.assert(
    fc.property(actions, (steps) => {
      const heap = new IndexedHeap<Item>((a, b) => a.key < b.key);
      const items = Array.from({ length: 8 }, () => ({ key: 0 }));
      const members = new Set<Item>();
      for (const { member, key } of steps) {
        const item = items[member] as Item;
        if (key === undefined) heap.remove(item);
        else heap.place(Object.assign(item, { key }));
        if (key === undefined) members.delete(item);
        else members.add(item);
        expect(heap.first?.key).toBe(
          members.size === 0 ? undefined : Math.min(...[...members].map((each) => each.key)),
        );
      }
    }),
  );
});
