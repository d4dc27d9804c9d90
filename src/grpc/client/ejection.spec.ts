import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ejection } from './ejection.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Pauses without jitter. */
const ejection = (onOver: () => void = () => undefined) => new Ejection(onOver, () => 0.5);

/** Whether the last of these outcomes was one too many. */
function judge(watched: Ejection, outcomes: string): boolean {
  return (
    outcomes
      .split('')
      .map((outcome) => watched.recordOutcome(outcome === '+'))
      .at(-1) ?? false
  );
}

describe('the ejection of an address', () => {
  it.each([
    ['-----', true],
    ['----', false],
    ['----+----', false],
    ['----+-----', true],
    ['+-+-+-+-+-+-', false],
  ])('after %s is due: %s', (outcomes, isDue) => {
    expect(judge(ejection(), outcomes)).toBe(isDue);
  });

  it('lasts 30 s, then longer each time, and starts anew once the address is sound', () => {
    const ends: number[] = [];
    const watched = ejection(() => ends.push(Date.now()));
    const lasts = (): number => {
      const begun = Date.now();
      watched.begin();
      vi.runAllTimers();
      return (ends.at(-1) ?? 0) - begun;
    };
    expect([lasts(), lasts(), lasts()]).toEqual([30_000, 48_000, 76_800]);
    for (let n = 0; n < 10; n++) lasts();
    expect(lasts()).toBe(300_000);
    judge(watched, '++');
    expect(lasts()).toBe(30_000);
  });

  it('hears nothing of calls that were begun before it', () => {
    const watched = ejection();
    watched.begin();
    expect(judge(watched, '----------')).toBe(false);
    vi.runAllTimers();
    expect(judge(watched, '----')).toBe(false);
    expect(judge(watched, '-')).toBe(true);
  });
});
