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

  it('that were pushed out are counted, and missed until all were read again', () => {
    const { set } = tokens();
    for (const id of ['a', 'b', 'c', 'd', 'e']) set.add(id, 1100);
    expect([set.evicted, set.overflowing]).toEqual([2, true]);
    set.settle();
    expect([set.evicted, set.overflowing]).toEqual([2, false]);
  });

  it('that have expired stay until there is no room, and are not live', () => {
    const { clock, set } = tokens();
    set.add('short', 1001);
    clock.now = 1100;
    set.add('b', 9000);
    expect([set.size, [...set.live()]]).toEqual([2, [['b', 9000]]]);
  });

  it.each([
    ['not again within a second', 0.9, ['c', 'd']],
    ['again after a second', 1, ['b', 'c', 'd']],
  ])('in a full set are swept %s', (_, laterSeconds, known) => {
    const { clock, set } = tokens();
    set.add('b', 9000);
    set.add('short', 1070.5);
    set.add('c', 9000);
    clock.now = 1100;
    set.sweep();
    clock.now = 1100 + laterSeconds;
    set.add('d', 9000);
    // A token that has expired since the sweep is not known any more, and still takes the room of another one.
    const kept = ['b', 'c', 'd'].filter((id) => set.has(id));
    expect(kept).toEqual(known);
  });

  it('expire by the clock of the system', () => {
    const set = new RevokedTokens({ capacity: 1, toleranceSeconds: 30 });
    const nowSeconds = Date.now() / 1000;
    set.add('old', nowSeconds - 31);
    expect(set.size).toBe(0);
    set.add('new', nowSeconds + 60);
    expect(set.has('new')).toBe(true);
  });
});
