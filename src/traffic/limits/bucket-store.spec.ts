import { describe, expect, it } from 'vitest';
import { BucketStore } from './bucket-store.js';

const SECOND = 1000;

describe('a store of buckets', () => {
  it('has one bucket for each owner', () => {
    const store = new BucketStore('tenant', 10);
    const bucket = store.get('acme', 0);
    expect(bucket.storeKey).toBe('limit:tenant:acme');
    expect(store.get('acme', 0)).toBe(bucket);
    expect(store.get('globex', 0)).not.toBe(bucket);
  });

  it('that is full forgets the one used longest ago', () => {
    const store = new BucketStore('ip', 3);
    const [first, second] = [store.get('1', 0), store.get('2', 0)];
    store.get('3', 0);
    expect(store.get('1', 5 * SECOND)).toBe(first);
    store.get('4', 5 * SECOND);
    expect(store.size).toBe(3);
    expect(store.get('1', 5 * SECOND)).toBe(first);
    expect(store.get('2', 5 * SECOND)).not.toBe(second);
  });

  it('does not grow with the owners that come by', () => {
    const store = new BucketStore('ip', 100);
    for (let n = 0; n < 10_000; n++) store.get(String(n), n);
    expect(store.size).toBe(100);
  });

  it('removes what was idle, unless it is not full yet', () => {
    const store = new BucketStore('route', 10);
    store.get('idle', 0);
    const kept = store.get('empty', 0);
    kept.fullAt = 60 * SECOND;
    store.get('busy', 0);
    store.get('busy', 10 * SECOND);
    expect(store.removeIdle(15 * SECOND, 10 * SECOND)).toBe(1);
    expect(store.size).toBe(2);
    expect(store.get('empty', 15 * SECOND)).toBe(kept);
    expect(store.removeIdle(100 * SECOND, 10 * SECOND)).toBe(2);
  });
});
