import { describe, expect, it } from 'vitest';
import type { StreamListener } from './stream.js';
import { StreamTable } from './stream-table.js';

const LISTENER = { windowBytes: 65_535 } as StreamListener;

function tableOf(count: number) {
  const table = new StreamTable();
  const streams = Array.from({ length: count }, () => table.open(LISTENER, 65_535));
  return { table, streams };
}

describe('the table of streams', () => {
  it('finds each of more streams than it has rows, whichever have gone before', () => {
    const { table, streams } = tableOf(1_000);
    const gone = streams.filter(({ id }) => id % 3 === 0);
    for (const stream of gone) table.remove(stream);
    const found = streams.map((stream) => [table.find(stream.id), table.isOpen(stream)]);
    expect(found).toEqual(streams.map((stream) => (gone.includes(stream) ? [undefined, false] : [stream, true])));
    expect(table.size).toBe(1_000 - gone.length);
  });

  it('takes a stream out once', () => {
    const { table, streams } = tableOf(3);
    table.remove(streams[1]!);
    table.remove(streams[1]!);
    expect([table.size, table.after(0).map(({ id }) => id)]).toEqual([2, [1, 5]]);
  });

  it('gives those after an identifier in their order, and all of them when it is emptied', () => {
    const { table, streams } = tableOf(600);
    expect(table.after(995).map(({ id }) => id)).toEqual(streams.slice(498).map(({ id }) => id));
    expect(table.removeAll()).toEqual(streams);
    expect([table.size, table.after(0)]).toEqual([0, []]);
  });

  it.each([2, 9])('throws for stream %i, which was never opened', (id) => {
    expect(() => tableOf(4).table.find(id)).toThrow(`idle stream ${id}`);
  });
});
