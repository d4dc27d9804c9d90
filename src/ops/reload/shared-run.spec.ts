import { expect, it } from 'vitest';
import { SharedRun } from './shared-run.js';

it('those who ask while it runs share the next run, also after one that failed', async () => {
  const ends: { resolve: (run: number) => void; reject: (error: Error) => void }[] = [];
  const shared = new SharedRun<number>(() => new Promise((resolve, reject) => ends.push({ resolve, reject })));
  const first = shared.next();
  await Promise.resolve();
  const others = Array.from({ length: 100 }, () => shared.next());
  expect([new Set(others).size, ends.length]).toEqual([1, 1]);
  ends[0]?.reject(new Error('refused'));
  await expect(first).rejects.toThrow('refused');
  await expect.poll(() => ends.length).toBe(2);
  ends[1]?.resolve(2);
  expect(await Promise.all(others)).toEqual(Array(100).fill(2));
});
