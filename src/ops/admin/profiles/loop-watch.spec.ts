import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoopWatch } from './loop-watch.js';

const frame = (functionName: string) => ({ functionName, url: 'file:///a.js', lineNumber: 1, columnNumber: 1 });

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** A loop that takes events, or not. */
function makeLoop(rate = 1) {
  let answer = Promise.withResolvers<void>();
  let isBlocked = false;
  let stack = [frame('idle')];
  const watch = new LoopWatch({
    ping: () => (isBlocked ? answer.promise : Promise.resolve()),
    stack: async () => stack,
    rate,
  });
  const block = async (ms: number, name?: string) => {
    isBlocked = true;
    stack = name === undefined ? [] : [frame(name)];
    await vi.advanceTimersByTimeAsync(ms);
    answer.resolve();
    answer = Promise.withResolvers();
    isBlocked = false;
    await vi.advanceTimersByTimeAsync(40);
  };
  return { watch, block };
}

describe('the watch of an event loop', () => {
  it('measures delays and finds no block in a loop that takes its events', async () => {
    const { watch } = makeLoop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([watch.delays.count, watch.blocks, [...watch.byStack()]]).toEqual([50, [], []]);
    watch.close();
  });

  it('names what blocked it, the longest first, and adds up by what it was', async () => {
    const { watch, block } = makeLoop();
    await block(200, 'first');
    await block(900, 'second');
    await block(400, 'first');
    expect(watch.blocks.map(({ stack }) => stack[0]?.functionName)).toEqual(['second', 'first', 'first']);
    const kinds = [...watch.byStack()].map(({ stack, count }) => [stack[0]?.functionName, count]);
    expect(kinds).toEqual([
      ['first', 2],
      ['second', 1],
    ]);
    expect(watch.delays.max).toBeGreaterThanOrEqual(800_000);
    watch.close();
  });

  it('shows a block that goes on', async () => {
    const { watch } = makeLoop();
    const pending = new LoopWatch({
      ping: () => new Promise(() => undefined),
      stack: async () => [frame('now')],
      rate: 1,
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(pending.blocks).toMatchObject([{ ms: 4_980, stack: [{ functionName: 'now' }] }]);
    for (const each of [watch, pending]) each.close();
  });

  it('knows blocks of native code without their stack', async () => {
    const { watch, block } = makeLoop();
    await block(300);
    expect(watch.blocks).toMatchObject([{ stack: [] }]);
    watch.close();
  });

  it('takes the stack of one block of so many', async () => {
    const { watch, block } = makeLoop(3);
    for (let n = 0; n < 6; n += 1) await block(200, `block${n}`);
    const sampled = watch.blocks.flatMap(({ stack }) => stack.map(({ functionName }) => functionName));
    expect([watch.blocks.length, sampled.toSorted()]).toEqual([6, ['block0', 'block3']]);
    watch.close();
  });

  it('remembers no more than the longest blocks', async () => {
    const { watch, block } = makeLoop();
    for (let n = 0; n < 40; n += 1) await block(100 + n * 20, 'same');
    expect(watch.blocks).toHaveLength(32);
    expect([...watch.byStack()]).toMatchObject([{ count: 40 }]);
    watch.close();
  });
});
