import { describe, expect, it } from 'vitest';
import { ByteLru } from './byte-lru.js';
import { CacheGenerations } from './cache/memory-response-store.js';
import { BucketStore } from './limits/bucket-store.js';
import { LruMap } from './lru-map.js';
import { SingleFlight } from './single-flight.js';

describe('what a full map drops is counted', () => {
  it('by number', () => {
    const map = new LruMap<string, object>(2);
    for (const key of ['a', 'b', 'a', 'b']) map.set(key, {});
    expect(map.evicted).toBe(0);
    for (const key of ['c', 'd']) map.set(key, {});
    expect(map.evicted).toBe(2);
  });

  it('by bytes, but not what has ended or was removed', () => {
    const map = new ByteLru<string>(1000, () => 0);
    const set = (key: string) => map.set(key, key, { size: 100, lifeMs: 1000 });
    for (const key of ['a', 'b', 'b']) set(key);
    map.remove('a');
    expect(map.evicted).toBe(0);
    for (const key of ['c', 'd']) set(key);
    expect(map.evicted).toBe(1);
  });

  it('in the last writes of groups', () => {
    const marks = new CacheGenerations(2);
    for (const group of ['a', 'b', 'a']) marks.move(group);
    expect(marks.evicted).toBe(0);
    marks.move('c');
    expect(marks.evicted).toBe(2);
  });

  it('in buckets', () => {
    const store = new BucketStore('ip', 1);
    store.get('a', 0);
    store.get('a', 5000);
    expect(store.evicted).toBe(0);
    store.get('b', 5000);
    expect(store.evicted).toBe(1);
  });
});

describe('SingleFlight', () => {
  it('says how many wait for work that others began', async () => {
    const flight = new SingleFlight<number>();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const all = [1, 2, 3].map(() => flight.run('a', () => promise));
    const other = flight.run('b', () => Promise.resolve(2));
    expect(flight.report.waiting).toBe(2);
    resolve(1);
    expect(await Promise.all(all)).toEqual([1, 1, 1]);
    await other;
    expect(flight.report.waiting).toBe(0);
    const failing = Promise.withResolvers<number>();
    const waiters = [1, 2].map(() => flight.run('a', () => failing.promise));
    expect(flight.report.waiting).toBe(1);
    failing.reject(new Error('no'));
    await Promise.allSettled(waiters);
    expect(flight.report.waiting).toBe(0);
    expect(flight.report).toMatchObject({ count: 3, waiting: 0 });
    expect(flight.report.totalMs).toBeGreaterThanOrEqual(flight.report.maxMs);
    reject(new Error('too late'));
  });
});
