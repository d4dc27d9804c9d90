import { describe, expect, it } from 'vitest';
import { MemoryResponseStore } from './memory-response-store.js';

const answer = (size: number) => ({ body: new Uint8Array(size), freshUntil: 0 });

function storeOf(maxBytes: number) {
  const clock = { now: 1_000 };
  return { clock, store: new MemoryResponseStore(maxBytes, () => clock.now) };
}

describe('answers in memory', () => {
  it('go when their life is over', () => {
    const { clock, store } = storeOf(10_000);
    store.set('a', answer(100), 50);
    clock.now += 49;
    expect(store.get('a').answer).toBeDefined();
    clock.now += 1;
    expect(store.get('a')).toEqual({ answer: undefined, failed: false });
    expect(store.bytes).toBe(0);
  });

  it('make room for others by going in the order of their last use', () => {
    const { store } = storeOf(2_700);
    for (const key of ['a', 'b']) store.set(key, answer(1_000), 50);
    store.get('a');
    store.set('c', answer(1_000), 50);
    expect(['a', 'b', 'c'].map((key) => store.get(key).answer !== undefined)).toEqual([true, false, true]);
  });

  it('never take more than their bytes, whatever is put in', () => {
    const { store } = storeOf(50_000);
    for (let at = 0; at < 2_000; at++) {
      store.set(`key ${at % 300}`, answer((at * 7919) % 20_000), 50);
      expect(store.bytes).toBeLessThanOrEqual(50_000);
    }
    expect(store.bytes).toBeGreaterThan(20_000);
  });

  it('are not kept when they alone are too large, nor is what they were to replace', () => {
    const { store } = storeOf(1_000);
    store.set('a', answer(100), 50);
    store.set('a', answer(1_000), 50);
    expect(store.get('a').answer).toBeUndefined();
    expect(store.bytes).toBe(0);
  });
});
