import { beforeEach, describe, expect, it } from 'vitest';
import { TemporaryValue } from './temporary-value.js';

let level: string;
let restored: string[];
let timers: { run: () => void; ms: number; isCancelled: boolean }[];
let value: TemporaryValue<string>;

beforeEach(() => {
  level = 'info';
  restored = [];
  timers = [];
  const schedule = (run: () => void, ms: number) => {
    const timer = { run, ms, isCancelled: false };
    timers.push(timer);
    return () => void (timer.isCancelled = true);
  };
  const access = {
    read: () => level,
    write: (to: string) => void (level = to),
    onRestored: (to: string) => void restored.push(to),
  };
  value = new TemporaryValue(access, schedule);
});

/** Runs the timers that still stand. */
const pass = () => {
  for (const timer of timers.splice(0)) if (!timer.isCancelled) timer.run();
};

describe('a value that is changed for a time', () => {
  it('goes back by itself', () => {
    value.set('debug', 300_000);
    expect([level, timers[0]?.ms]).toEqual(['debug', 300_000]);
    pass();
    expect([level, restored]).toEqual(['info', ['info']]);
  });

  it('goes back to what it was before the first of two changes, when the second ends', () => {
    value.set('debug', 300_000);
    value.set('trace', 60_000);
    expect(timers.map(({ isCancelled }) => isCancelled)).toEqual([true, false]);
    expect(level).toBe('trace');
    pass();
    expect([level, restored]).toEqual(['info', ['info']]);
  });

  it('stays when it is changed for good', () => {
    value.set('debug', 300_000);
    value.set('warn', undefined);
    pass();
    expect([level, restored]).toEqual(['warn', []]);
  });

  it('can be changed again after it went back', () => {
    value.set('debug', 1);
    pass();
    value.set('error', 1);
    pass();
    expect([level, restored]).toEqual(['info', ['info', 'info']]);
  });
});
