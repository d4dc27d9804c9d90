import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../domain/errors.js';
import type { MainThread } from '../main-thread.js';
import { LivePages } from './live-pages.js';

let asked: number;
let answer: () => Promise<object>;
let pages: LivePages;
let closing: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  closing = new AbortController();
  answer = async () => ({ n: asked });
  const main = {
    ask: () => {
      asked += 1;
      return answer();
    },
  };
  pages = LivePages.of(main as unknown as MainThread);
});
afterEach(() => {
  closing.abort();
  vi.useRealTimers();
});

/** Opens a page, and takes its first line. */
async function open(signal = closing.signal): Promise<AsyncIterator<unknown>> {
  const reader = pages.open(signal).chunks[Symbol.asyncIterator]();
  expect((await reader.next()).value).toBe('retry: 3000\n\n');
  return reader;
}

const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const state = (n: number) => ({ done: false, value: `event: state\ndata: {"n":${n}}\n\n` });

describe('live pages', () => {
  it('are sent the state every two seconds, for which the main thread is asked once for all of them', async () => {
    const [one, other] = [await open(), await open()];
    expect([await one.next(), await other.next()]).toEqual([state(1), state(1)]);
    const next = one.next();
    await later(2_000);
    expect([await next, await other.next(), asked]).toEqual([state(2), state(2), 2]);
  });

  it('that are slow skip what they were too slow for', async () => {
    const slow = await open();
    await later(10_000);
    expect([await slow.next(), asked]).toEqual([state(6), 6]);
  });

  it('are told when the main thread does not answer, and since when', async () => {
    const page = await open();
    await page.next();
    const since = new Date(Date.now() + 2_000).toISOString();
    answer = () => Promise.reject(new GatewayError('MAIN_THREAD_STALLED', 'stuck'));
    await later(6_000);
    const { value } = await page.next();
    expect(value).toBe(`event: stalled\ndata: {"code":"MAIN_THREAD_STALLED","detail":"stuck","since":"${since}"}\n\n`);
  });

  it('end with their signal, and nothing is asked any more when none is left', async () => {
    const page = await open();
    await page.next();
    const last = page.next();
    closing.abort();
    expect(await last).toEqual({ done: true, value: undefined });
    await later(60_000);
    expect(asked).toBe(1);
    closing = new AbortController();
    await (await open()).next();
    expect(asked).toBe(2);
  });

  it('are six at most', async () => {
    for (let n = 0; n < 6; n++) await open();
    expect(() => pages.open(closing.signal)).toThrow('6 pages are open already');
  });
});
