import { describe, expect, it } from 'vitest';
import { type Linked, LinkedSet } from './linked-set.js';

class Item implements Linked<Item> {
  before: Item | undefined;
  after: Item | undefined;

  constructor(readonly name: string) {}
}

function setOf(names: string): { set: LinkedSet<Item>; items: Record<string, Item> } {
  const set = new LinkedSet<Item>();
  const items = Object.fromEntries(Array.from(names, (name) => [name, new Item(name)]));
  for (const name of names) set.add(items[name]!);
  return { set, items };
}

const namesIn = (set: Iterable<Item>) => [...set].map(({ name }) => name).join('');

describe('a linked set', () => {
  it.each([
    ['a', 'bcd'],
    ['b', 'acd'],
    ['d', 'abc'],
    ['ad', 'bc'],
    ['cb', 'ad'],
    ['dcba', ''],
  ])('without %s of abcd holds %s in their order', (gone, left) => {
    const { set, items } = setOf('abcd');
    const deleted = Array.from(gone, (name) => set.delete(items[name]!));
    expect(deleted).not.toContain(false);
    expect([namesIn(set), set.size, set.oldest?.name ?? '']).toEqual([left, left.length, left.slice(0, 1)]);
  });

  it('holds an item once, and knows which it holds', () => {
    const { set, items } = setOf('ab');
    set.add(items['a']!);
    expect([namesIn(set), set.size]).toEqual(['ab', 2]);
    set.delete(items['b']!);
    expect([set.has(items['a']!), set.has(items['b']!), set.delete(items['b']!)]).toEqual([true, false, false]);
    set.add(items['b']!);
    expect(namesIn(set)).toBe('ab');
  });

  it('lets items come and go while it is gone over: what has gone is left out', () => {
    const { set, items } = setOf('abcd');
    const seen: string[] = [];
    for (const { name } of set) {
      seen.push(name);
      if (name !== 'b') continue;
      set.delete(items['b']!);
      set.delete(items['c']!);
      set.add(new Item('e'));
    }
    expect([seen.join(''), namesIn(set)]).toEqual(['abd', 'ade']);
  });

  it('keeps nothing of an item that has gone', () => {
    const { set, items } = setOf('abc');
    set.delete(items['b']!);
    set.clear();
    expect(Object.values(items).flatMap(({ before, after }) => [before, after])).toEqual(Array(6).fill(undefined));
    expect([set.size, set.oldest]).toEqual([0, undefined]);
  });
});
