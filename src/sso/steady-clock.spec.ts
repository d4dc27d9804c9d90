import { describe, expect, it } from 'vitest';
import { steadyClock } from './steady-clock.js';

const HOUR = 3_600_000;

function clocks() {
  const times = { wall: 10 * HOUR, monotonic: 5 };
  const now = steadyClock(
    () => times.wall,
    () => times.monotonic,
  );
  const pass = (ms: number) => {
    times.wall += ms;
    times.monotonic += ms;
  };
  return { times, now, pass };
}

describe('a steady clock', () => {
  it('says what the wall clock says', () => {
    const { now, pass } = clocks();
    expect(now()).toBe(10 * HOUR);
    pass(HOUR);
    expect(now()).toBe(11 * HOUR);
  });

  it('goes on while the wall clock is behind, and does not leap when that is right again', () => {
    const { times, now, pass } = clocks();
    now();
    times.wall -= HOUR;
    expect(now()).toBe(10 * HOUR);
    pass(1000);
    expect(now()).toBe(10 * HOUR + 1000);
    times.wall += HOUR;
    expect(now()).toBe(10 * HOUR + 1000);
  });

  it('counts the time of a suspended machine, which its monotonic clock does not see', () => {
    const { times, now } = clocks();
    now();
    times.wall += 8 * HOUR;
    expect(now()).toBe(18 * HOUR);
  });

  it('does not go back after the wall clock was ahead', () => {
    const { times, now, pass } = clocks();
    times.wall += HOUR;
    expect(now()).toBe(11 * HOUR);
    times.wall -= HOUR;
    pass(1000);
    expect(now()).toBe(11 * HOUR + 1000);
  });
});
