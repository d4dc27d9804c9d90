import { describe, expect, it } from 'vitest';
import { fail, numbered, OutboxBench, refusal, shelfDirectory } from '../../test/support/outbox-bench.js';
import { Journal } from './journal/journal.js';

describe('a full outbox', () => {
  it('gives up its oldest events, counts them, and names their window in one line', async () => {
    const bench = new OutboxBench({ capacity: 3 });
    bench.answer = fail('UNAVAILABLE');
    bench.use('a');
    await bench.tick();
    bench.use('b', 'c', 'd', 'e');
    expect([await bench.value('depth'), await bench.value('dropped')]).toEqual([3, 2]);
    const window = { first_ts: new Date(1_000_001).toISOString(), last_ts: new Date(1_000_002).toISOString() };
    expect(bench.linesOf('outbox_evicted')).toMatchObject([{ count: 2, ...window }]);
    bench.answer = () => undefined;
    await bench.tick();
    expect(bench.batches.at(-1)).toEqual(['c', 'd', 'e']);
  });

  it('does not count as lost what arrives although it was given up on its way', async () => {
    const bench = new OutboxBench({ capacity: 4 });
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.answer = () => promise;
    bench.use(...numbered(4));
    bench.use('x', 'y');
    resolve();
    await bench.settled();
    await bench.tick();
    expect(bench.delivered).toEqual([...numbered(4), 'x', 'y']);
    expect(await bench.value('dropped')).toBe(0);
  });

  it('counts it as lost when it does not arrive', async () => {
    const bench = new OutboxBench({ capacity: 4 });
    const { promise, reject } = Promise.withResolvers<void>();
    bench.answer = () => promise;
    bench.use(...numbered(4));
    bench.use('x', 'y');
    reject(refusal('UNAVAILABLE'));
    await bench.settled();
    expect(await bench.value('dropped')).toBe(2);
    bench.answer = () => undefined;
    await bench.tick();
    expect(bench.batches.at(-1)).toEqual(['u2', 'u3', 'x', 'y']);
  });
});

describe('an outbox with a shelf', () => {
  it('has every event on the disk before the call that caused it goes on', () => {
    const directory = shelfDirectory();
    const bench = new OutboxBench({ directory });
    bench.use('a', 'b');
    const found = new Journal(directory, 1024 ** 2);
    expect([found.read(0)?.subject, found.read(1)?.subject]).toEqual(['a', 'b']);
  });

  it('leaves nothing on the disk when all was sent', async () => {
    const bench = new OutboxBench({ directory: shelfDirectory() });
    bench.use('a');
    expect(await bench.value('shelfBytes')).toBeGreaterThan(0);
    await bench.tick();
    expect(await bench.value('shelfBytes')).toBe(0);
  });

  it('gives memory back after as many failures as RETRY_MAX, and loses nothing', async () => {
    const bench = new OutboxBench({ directory: shelfDirectory(), retryMax: 3 });
    bench.answer = fail('UNAVAILABLE');
    bench.use('a', 'b');
    const depths = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      depths.push(await bench.value('depth'));
      await bench.tick();
    }
    expect(depths).toEqual([2, 2, 2]);
    bench.use('c');
    expect(await bench.value('depth')).toBe(0);
    expect(bench.linesOf('outbox_shelved')).toMatchObject([{ events: 2 }]);
    bench.answer = () => undefined;
    await bench.tick();
    bench.use('d');
    expect(await bench.value('depth')).toBe(1);
    await bench.tick();
    expect(bench.batches.slice(-2)).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('leaves events to the disk when memory is full, and sends all in their order', async () => {
    const bench = new OutboxBench({ directory: shelfDirectory(), capacity: 3, batchSize: 1000 });
    bench.answer = fail('UNAVAILABLE');
    bench.use(...numbered(100));
    await bench.tick();
    expect([await bench.value('dropped'), bench.outbox.pending]).toEqual([0, 100]);
    expect(await bench.value('depth')).toBeLessThanOrEqual(3);
    bench.answer = () => undefined;
    await bench.tick();
    expect(bench.batches.at(-1)).toEqual(numbered(100));
  });

  it('keeps its order when memory fills again while the disk is being caught up with', async () => {
    const bench = new OutboxBench({ directory: shelfDirectory(), capacity: 3, batchSize: 5 });
    bench.answer = fail('UNAVAILABLE');
    bench.use(...numbered(20));
    await bench.tick();
    let late = 0;
    bench.answer = () => {
      if (late < 40) bench.use(`late${late++}`, `late${late++}`);
    };
    bench.batches.length = 0;
    for (let turn = 0; turn < 40; turn++) await bench.tick();
    expect(bench.delivered).toEqual([...numbered(20), ...Array.from({ length: 40 }, (_, n) => `late${n}`)]);
    expect([await bench.value('dropped'), await bench.value('shelfBytes')]).toEqual([0, 0]);
  });

  it('sends what an earlier process left, before anything of its own and with the ids it had', async () => {
    const directory = shelfDirectory();
    const ids: string[] = [];
    const before = new OutboxBench({ directory });
    before.answer = (records) => {
      ids.push(...records.map(({ id }) => id));
      throw refusal('UNAVAILABLE');
    };
    before.use('a', 'b');
    await before.tick();
    const after = new OutboxBench({ directory });
    after.answer = (records) => void ids.push(...records.map(({ id }) => id));
    after.use('c');
    await after.tick();
    expect(after.batches).toEqual([['a', 'b', 'c']]);
    expect(after.linesOf('outbox_found_on_shelf')).toMatchObject([{ events: 2 }]);
    expect(ids.slice(2, 4)).toEqual(ids.slice(0, 2));
  });

  it('loses no event that memory still has when the disk is full', async () => {
    const bench = new OutboxBench({ directory: shelfDirectory(), capacity: 20_000, batchSize: 1000 });
    bench.answer = fail('UNAVAILABLE');
    bench.use(...numbered(15_000));
    await bench.settled();
    expect(await bench.value('dropped')).toBe(0);
    bench.answer = () => undefined;
    bench.batches.length = 0;
    for (let turn = 0; turn < 5; turn++) await bench.tick();
    expect(bench.delivered).toEqual(numbered(15_000));
  });

  it('counts what neither can hold, the oldest first', async () => {
    const bench = new OutboxBench({ directory: shelfDirectory(), capacity: 10, batchSize: 1000, retryMax: 1 });
    bench.answer = fail('UNAVAILABLE');
    const all = numbered(15_000);
    bench.use(...all);
    await bench.settled();
    const dropped = (await bench.value('dropped')) ?? 0;
    expect(dropped).toBeGreaterThan(0);
    bench.answer = () => undefined;
    bench.batches.length = 0;
    for (let turn = 0; turn < 5; turn++) await bench.tick();
    expect(bench.delivered).toEqual(all.slice(dropped));
    const [line] = bench.linesOf('outbox_evicted');
    expect(line).toMatchObject({ count: dropped, first_ts: new Date(1_000_001).toISOString() });
  });
});

describe('the end of the process', () => {
  it('sends what is left', async () => {
    const bench = new OutboxBench();
    bench.use(...numbered(9));
    await bench.reporter.beforeApplicationShutdown();
    expect(bench.delivered).toEqual(numbered(9));
    expect(bench.timers).toEqual([]);
  });

  it('leaves what cannot be sent to the shelf, without waiting', async () => {
    const directory = shelfDirectory();
    const bench = new OutboxBench({ directory });
    bench.answer = fail('UNAVAILABLE');
    bench.use('a', 'b');
    await bench.reporter.beforeApplicationShutdown();
    expect(bench.linesOf('outbox_left_on_shelf')).toMatchObject([{ events: 2 }]);
    expect([bench.batches.length, await bench.value('dropped')]).toEqual([1, 0]);
    const next = new OutboxBench({ directory });
    await next.tick();
    expect(next.batches).toEqual([['a', 'b']]);
  });

  it('tries again without a shelf, for what is lost otherwise', async () => {
    const bench = new OutboxBench();
    let attempts = 0;
    bench.answer = () => {
      if (++attempts < 3) throw refusal('UNAVAILABLE');
    };
    bench.use('a');
    const end = bench.reporter.beforeApplicationShutdown();
    await bench.settled();
    const pause = () => bench.timers.findIndex(({ ms }) => ms === 100);
    while (pause() >= 0) {
      bench.timers.splice(pause(), 1)[0]?.callback();
      await bench.settled();
    }
    await end;
    expect([attempts, await bench.value('dropped')]).toEqual([3, 0]);
  });
});
