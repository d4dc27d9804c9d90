import { describe, expect, it } from 'vitest';
import { ByteLru } from './byte-lru.js';

const of = (size: number) => ({ size, lifeMs: 50 });

function lruOf(maxBytes: number) {
  const clock = { now: 1_000 };
  return { clock, lru: new ByteLru<string>(maxBytes, () => clock.now) };
}

describe('values in memory', () => {
  it('go when their life is over', () => {
    const { clock, lru } = lruOf(10_000);
    lru.set('a', 'value', of(100));
    clock.now += 49;
    expect(lru.get('a')).toBe('value');
    clock.now += 1;
    expect(lru.get('a')).toBeUndefined();
    expect(lru.bytes).toBe(0);
  });

  it('make room for others by going in the order of their last use', () => {
    const { lru } = lruOf(2_700);
    for (const key of ['a', 'b']) lru.set(key, key, of(1_000));
    lru.get('a');
    lru.set('c', 'c', of(1_000));
    expect(['a', 'b', 'c'].map((key) => lru.get(key))).toEqual(['a', undefined, 'c']);
  });

  it('never take more than their bytes, whatever is put in', () => {
    const { lru } = lruOf(50_000);
    for (let at = 0; at < 2_000; at++) {
      lru.set(`key ${at % 300}`, 'value', of((at * 7919) % 20_000));
      expect(lru.bytes).toBeLessThanOrEqual(50_000);
    }
    expect(lru.bytes).toBeGreaterThan(20_000);
  });

  it('are not kept when they alone are too large, nor is what they were to replace', () => {
    const { lru } = lruOf(1_000);
    lru.set('a', 'small', of(100));
    lru.set('a', 'large', of(1_000));
    expect(lru.get('a')).toBeUndefined();
    expect(lru.bytes).toBe(0);
  });
});
