import { setImmediate as endOfTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Arrivals } from './arrivals.js';

/** Requests by their number, and those that have begun. */
function requests() {
  const arrivals = new Arrivals();
  const begun: number[] = [];
  let count = 0;
  const read = (more: number): void => {
    for (const end = count + more; count < end; count++) {
      const begin = beginning(count);
      if (arrivals.tryBegin()) begin();
      else arrivals.wait(begin);
    }
  };
  const beginning = (number: number) => () => void begun.push(number);
  return { begun, read };
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('requests that are read', () => {
  it('begin as they are read, 16 in one turn of the event loop', async () => {
    const { begun, read } = requests();
    read(50);
    expect(begun).toEqual(upTo(16));
    await endOfTurn();
    expect(begun).toEqual(upTo(32));
    await endOfTurn();
    expect(begun).toEqual(upTo(48));
    await endOfTurn();
    expect(begun).toEqual(upTo(50));
  });

  it('overtake none that wait', async () => {
    const { begun, read } = requests();
    read(34);
    await endOfTurn();
    read(1);
    expect(begun).toEqual(upTo(32));
    await endOfTurn();
    expect(begun).toEqual(upTo(35));
  });

  it('begin as they are read again once none waits', async () => {
    const { begun, read } = requests();
    read(17);
    await endOfTurn();
    await endOfTurn();
    read(1);
    expect(begun).toEqual(upTo(18));
  });

  it('are all begun in their order, although others wait all the time', async () => {
    const { begun, read } = requests();
    for (let turn = 0; turn < 200; turn++) {
      read(17);
      await endOfTurn();
    }
    while (begun.length < 200 * 17) await endOfTurn();
    expect(begun).toEqual(upTo(200 * 17));
  });

  it('begin immediately when 16,384 wait', async () => {
    const { begun, read } = requests();
    read(16 + 16_384);
    expect(begun).toEqual(upTo(16));
    read(2);
    expect(begun).toEqual([...upTo(16), 16_400, 16_401]);
    await endOfTurn();
    expect(begun.slice(18)).toEqual(upTo(32).slice(16));
  });
});
