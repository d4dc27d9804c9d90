import { rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { fail, numbered, OutboxBench, shelfDirectory } from '../../test/support/outbox-bench.js';
import { Journal } from './journal/journal.js';

let directory: string;
beforeEach(() => {
  directory = shelfDirectory();
});

/** A file in the place of the directory: nothing can be written, not even as root. */
function breakDisk(): void {
  rmSync(directory, { recursive: true });
  writeFileSync(directory, '');
}
const mendDisk = () => rmSync(directory);

/** What a process that starts now finds, after the death of the one before it. */
function found(): (string | undefined)[] {
  const journal = new Journal(directory, 1024 ** 2);
  const subjects = Array.from({ length: journal.endSeq }, (_, seq) => journal.read(seq)?.subject);
  journal.close();
  return subjects;
}

const stateOf = async (bench: OutboxBench) => ({
  failure: bench.outbox.failure !== undefined,
  durable: bench.outbox.durable,
  unsaved: await bench.value('unsaved'),
});
const journalLines = ({ lines }: OutboxBench) =>
  lines
    .map(({ msg }) => String(msg))
    .filter((text) => /component=usage_journal|outbox_shelf_(failed|recovered)/.test(text));

describe('a journal that cannot be written', () => {
  it.each([
    ['the next event', (bench: OutboxBench) => bench.use('late')],
    ['the next look, without an event', (bench: OutboxBench) => bench.outbox.tend()],
  ])('has everything again with %s after its disk takes writes', async (_what, next) => {
    const bench = new OutboxBench({ directory, capacity: 1000 });
    bench.answer = fail('UNAVAILABLE');
    bench.use('before');
    breakDisk();
    bench.use(...numbered(100));
    expect(await stateOf(bench)).toEqual({ failure: true, durable: false, unsaved: 100 });
    expect(await bench.value('writeFailures')).toBeGreaterThan(0);
    mendDisk();
    next(bench);
    expect(await stateOf(bench)).toEqual({ failure: false, durable: true, unsaved: 0 });
    expect(found().slice(0, 101)).toEqual(['before', ...numbered(100)]);
    expect(journalLines(bench)).toEqual([
      'degraded component=usage_journal',
      'outbox_shelf_failed',
      'recovered component=usage_journal',
      'outbox_shelf_recovered',
    ]);
  });

  it('is found out while no event occurs', async () => {
    const bench = new OutboxBench({ directory });
    breakDisk();
    bench.outbox.tend();
    expect(await stateOf(bench)).toMatchObject({ failure: true, unsaved: 0 });
    mendDisk();
    bench.outbox.tend();
    expect(await stateOf(bench)).toMatchObject({ failure: false });
    expect(journalLines(bench)).toHaveLength(4);
  });

  it('is caught up with step by step, in the order of the events', async () => {
    const bench = new OutboxBench({ directory, capacity: 5000, batchSize: 1000 });
    bench.answer = fail('UNAVAILABLE');
    breakDisk();
    bench.use(...numbered(2000));
    await bench.settled();
    mendDisk();
    let looks = 0;
    for (; (await bench.value('unsaved')) !== 0; looks++) bench.outbox.tend();
    expect(looks).toBeGreaterThan(1);
    expect(found()).toEqual(numbered(2000));
  });

  it('sends what memory has meanwhile, once and in order, and does not write it afterwards', async () => {
    const bench = new OutboxBench({ directory });
    breakDisk();
    bench.use('a', 'b');
    await bench.tick();
    bench.use('c');
    mendDisk();
    bench.use('d');
    expect(found()).toEqual(['c', 'd']);
    await bench.tick();
    expect(bench.delivered).toEqual(['a', 'b', 'c', 'd']);
    expect([await bench.value('dropped'), await bench.value('unsaved')]).toEqual([0, 0]);
  });

  it('counts what memory could not hold meanwhile, and no more', async () => {
    const bench = new OutboxBench({ directory, capacity: 10, batchSize: 1000 });
    bench.answer = fail('UNAVAILABLE');
    breakDisk();
    bench.use(...numbered(30));
    await bench.settled();
    mendDisk();
    bench.outbox.tend();
    expect(await bench.value('dropped')).toBe(20);
    expect(found()).toEqual(numbered(30).slice(20));
  });

  it('is written once more at the end of the process', () => {
    const bench = new OutboxBench({ directory, capacity: 2000 });
    bench.answer = fail('UNAVAILABLE');
    breakDisk();
    bench.use(...numbered(1000));
    mendDisk();
    bench.outbox.close();
    expect(found()).toEqual(numbered(1000));
    expect(bench.linesOf('outbox_left_on_shelf')).toMatchObject([{ events: 1000 }]);
  });

  it('is nothing to report where there is none', async () => {
    const bench = new OutboxBench();
    bench.use('a');
    bench.outbox.tend();
    expect(await stateOf(bench)).toEqual({ failure: false, durable: false, unsaved: 0 });
    expect(journalLines(bench)).toEqual([]);
  });
});
