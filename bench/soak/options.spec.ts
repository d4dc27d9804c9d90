import { describe, expect, it } from 'vitest';
import { parseSoakOptions } from './options.js';

const KNOWN = ['memory', 'aborts'];

describe('the command line of a soak', () => {
  it('means everything at its own length when it says nothing', () => {
    expect(parseSoakOptions([], KNOWN)).toEqual({ scenarios: KNOWN, seconds: undefined, dist: false, save: false });
  });

  it('chooses scenarios, their length and where figures go', () => {
    const args = ['--scenario', 'aborts, memory', '--seconds', '20', '--save', '--dist'];
    expect(parseSoakOptions(args, KNOWN)).toEqual({ scenarios: KNOWN, seconds: 20, dist: true, save: true });
  });

  it.each([
    [['--scenario', 'abort'], '"abort" is none of memory, aborts'],
    [['--seconds', '0'], '"0" is not a number from 1'],
    [['--seconds', 'long'], '"long" is not a number from 1'],
    [['--minutes', '3'], '--minutes'],
  ])('refuses %j', (args, reason) => {
    expect(() => parseSoakOptions(args, KNOWN)).toThrow(reason);
  });
});
