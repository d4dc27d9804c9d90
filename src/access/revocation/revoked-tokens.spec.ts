import { describe, expect, it } from 'vitest';
import { RevokedTokens } from './revoked-tokens.js';

function tokens(capacity = 3) {
  const clock = { now: 1000 };
  return { clock, set: new RevokedTokens({ capacity, toleranceSeconds: 30, nowSeconds: () => clock.now }) };
}

describe('revoked tokens', () => {
  it('are known until no gateway would accept them, clock tolerance included', () => {
    const { clock, set } = tokens();
    set.add('a', 1100);
    clock.now = 1129;
    expect(set.has('a')).toBe(true);
    clock.now = 1130;
    expect(set.has('a')).toBe(false);
  });

  it('that have expired are not taken in, and forgotten by a sweep', () => {
    const { clock, set } = tokens();
    set.add('old', 900);
    set.add('a', 1100);
    expect(set.size).toBe(1);
    clock.now = 2000;
    set.sweep();
    expect(set.size).toBe(0);
  });

  it('keep the later of two expiries', () => {
    const { set } = tokens();
    set.add('a', 1200);
    set.add('a', 1100);
    expect([...set.live()]).toEqual([['a', 1200]]);
  });

  it('beyond the limit push out the first, and say that something is missing', () => {
    const { set } = tokens();
    for (const id of ['a', 'b', 'c']) set.add(id, 1100);
    expect(set.overflowing).toBe(false);
    set.add('d', 1100);
    expect([set.size, set.has('a'), set.has('d'), set.overflowing]).toEqual([3, false, true, true]);
  });

  it('push out nothing while expired ones make room', () => {
    const { clock, set } = tokens();
    set.add('short', 1001);
    for (const id of ['b', 'c']) set.add(id, 9000);
    clock.now = 1100;
    set.add('d', 9000);
    expect([set.has('b'), set.has('d'), set.overflowing]).toEqual([true, true, false]);
  });
});
