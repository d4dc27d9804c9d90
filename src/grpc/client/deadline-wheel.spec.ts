import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineWheel, type Timed } from './deadline-wheel.js';

const ended: string[] = [];

beforeEach(() => {
  ended.length = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function timed(deadlineAt: number, onDeadline: () => void): Timed {
  return { before: undefined, after: undefined, deadlineAt, onDeadline };
}

function endingIn(ms: number): Timed {
  const deadlineAt = performance.now() + ms;
  return timed(deadlineAt, () => ended.push(`${ms} after ${Math.ceil(performance.now() - deadlineAt)}`));
}

describe('the deadline wheel', () => {
  it.each([1, 7, 150, 4_095, 4_096, 4_097, 30_000])('ends what is due in %i ms then, never early', (ms) => {
    const wheel = new DeadlineWheel();
    wheel.add(endingIn(ms));
    vi.advanceTimersByTime(ms - 1);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(17);
    expect(ended).toHaveLength(1);
  });

  it('leaves alone what was taken out, also by another that ends in the same moment', () => {
    const wheel = new DeadlineWheel();
    const [first, second, third] = [endingIn(100), endingIn(100), endingIn(100)];
    wheel.add(timed(first.deadlineAt, () => wheel.remove(third)));
    wheel.add(second);
    wheel.add(third);
    vi.advanceTimersByTime(200);
    expect(ended).toHaveLength(1);
  });

  it('ends all of them after a standstill that was longer than a round', () => {
    const wheel = new DeadlineWheel();
    for (let ms = 1; ms < 4_000; ms += 37) wheel.add(endingIn(ms));
    vi.setSystemTime(Date.now() + 10_000);
    vi.advanceTimersByTime(10_000);
    expect(ended).toHaveLength(109);
  });

  it('lets what arrived during a standstill be read before it ends anything', () => {
    let now = 100;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    const wheel = new DeadlineWheel();
    const stalls: number[] = [];
    wheel.add({ ...timed(130, () => undefined), onDeadline: (stalledMs) => stalls.push(stalledMs) });
    now = 108;
    vi.advanceTimersToNextTimer();
    // The timers phase is over; now the poll phase holds the event loop up.
    now = 500;
    vi.advanceTimersToNextTimer();
    expect(stalls).toEqual([]);
    vi.advanceTimersToNextTimer();
    vi.advanceTimersToNextTimer();
    expect(stalls).toEqual([384]);
    clock.mockRestore();
  });

  it('has no timer while nothing is waiting', () => {
    const wheel = new DeadlineWheel();
    const waiting = endingIn(100);
    wheel.add(waiting);
    expect(vi.getTimerCount()).toBe(1);
    wheel.remove(waiting);
    vi.advanceTimersByTime(16);
    expect(vi.getTimerCount()).toBe(0);
    wheel.add(endingIn(10));
    vi.advanceTimersByTime(30);
    expect(ended).toHaveLength(1);
  });
});
