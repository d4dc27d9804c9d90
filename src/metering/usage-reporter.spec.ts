import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { fail, numbered, OutboxBench, refusal } from '../../test/support/outbox-bench.js';
import { GatewayError } from '../domain/errors.js';
import { classify } from '../grpc/grpc-failure.js';
import { GRPC_CODES } from '../grpc/grpc-code.js';
import type { UsageRecord } from './usage-ring.js';

describe('the outbox', () => {
  it('sends what has gathered after the interval, and a full batch at once', async () => {
    const bench = new OutboxBench();
    bench.use('a', 'b');
    expect(await bench.tick()).toBe(1000);
    bench.use('c', 'd', 'e', 'f');
    await bench.settled();
    expect(bench.batches).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e', 'f'],
    ]);
    expect([await bench.value('depth'), bench.outbox.pending, bench.timers]).toEqual([0, 0, []]);
  });

  it('gives each event an id and a time of its own', async () => {
    const bench = new OutboxBench();
    const seen: UsageRecord[] = [];
    bench.answer = (records) => void seen.push(...records);
    bench.use('a', 'b');
    await bench.tick();
    expect(seen.map(({ occurredAt }) => occurredAt)).toEqual([1_000_001, 1_000_002]);
    for (const { id } of seen) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(2);
  });

  it('takes events while a batch is on its way, and sends them after it', async () => {
    const bench = new OutboxBench();
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.answer = () => promise;
    bench.use('a', 'b', 'c', 'd');
    bench.use('e');
    await bench.settled();
    resolve();
    await bench.settled();
    await bench.tick();
    expect(bench.batches).toEqual([['a', 'b', 'c', 'd'], ['e']]);
  });

  it.each([
    'UNAVAILABLE',
    'DEADLINE_EXCEEDED',
    'INTERNAL',
    'UNKNOWN',
    'RESOURCE_EXHAUSTED',
    'ABORTED',
    'DATA_LOSS',
  ] as const)('sends a batch again that ended with %s, with the same ids and before what came later', async (code) => {
    const bench = new OutboxBench();
    const ids: string[][] = [];
    bench.answer = (records) => {
      ids.push(records.map(({ id }) => id));
      if (ids.length === 1) throw refusal(code);
    };
    bench.use('a', 'b');
    await bench.tick();
    bench.use('c');
    await bench.tick();
    expect(bench.batches).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]);
    expect(ids[1]?.slice(0, 2)).toEqual(ids[0]);
    expect([await bench.value('flushFailures'), await bench.value('rejected')]).toEqual([1, 0]);
    expect(bench.linesOf('outbox_flush_failed')).toMatchObject([{ events: 2, reason: code }]);
  });

  it('doubles its pauses up to the longest, and begins anew after a success', async () => {
    const bench = new OutboxBench({ retryMax: 100 });
    bench.answer = fail('UNAVAILABLE');
    bench.use('a');
    const pauses = [];
    for (let attempt = 0; attempt < 8; attempt++) pauses.push(await bench.tick());
    expect(pauses).toEqual([1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    bench.answer = () => undefined;
    await bench.tick();
    bench.use('b');
    expect(await bench.tick()).toBe(1000);
    expect(bench.linesOf('outbox_recovered')).toMatchObject([{ failures: 8 }]);
  });

  it('does not hammer a service that is down, however much is recorded meanwhile', async () => {
    const bench = new OutboxBench({ capacity: 100 });
    bench.answer = fail('UNAVAILABLE');
    bench.use('a');
    await bench.tick();
    bench.use(...numbered(50));
    await bench.settled();
    expect([bench.batches.length, bench.timers.length]).toEqual([1, 1]);
  });

  it.each(GRPC_CODES.filter((code) => !['OK', 'CANCELLED'].includes(code)))(
    'loses none but the refused event, whether %s is a refusal or not',
    async (code) => {
      const bench = new OutboxBench();
      let isPoisoned = true;
      bench.answer = (records) => {
        if (isPoisoned && records.some(({ subject }) => subject === 'poison')) throw refusal(code);
      };
      bench.use('a', 'poison', 'b');
      await bench.tick();
      isPoisoned = false;
      await bench.tick();
      const rejected = (await bench.value('rejected')) ?? 0;
      expect(bench.delivered.slice(-1)).toEqual(['b']);
      expect(await bench.value('flushFailures')).toBe(1 - rejected);
      expect([bench.outbox.pending, await bench.value('dropped')]).toEqual([0, 0]);
    },
  );

  it.each([
    'INVALID_ARGUMENT',
    'UNAUTHENTICATED',
    'PERMISSION_DENIED',
    'NOT_FOUND',
    'FAILED_PRECONDITION',
    'UNIMPLEMENTED',
  ] as const)('takes %s for a refusal: item by item once, then without the one that is refused', async (code) => {
    const bench = new OutboxBench();
    bench.answer = (records) => {
      if (records.some(({ subject }) => subject === 'poison')) throw refusal(code);
    };
    bench.use('a', 'poison', 'b');
    await bench.tick();
    expect(bench.batches).toEqual([['a', 'poison', 'b'], ['a'], ['poison'], ['b']]);
    expect([await bench.value('rejected'), await bench.value('flushFailures')]).toEqual([1, 0]);
    const [line, ...others] = bench.linesOf('outbox_rejected');
    expect([line, others]).toMatchObject([{ level: 50, tenant_id: 'acme', meter: 'ai.query', reason: code }, []]);
    expect(JSON.stringify(line)).not.toMatch(/poison|said so/);
  });

  it('does not take the word of a proxy for a refusal', async () => {
    const bench = new OutboxBench();
    const end = {
      code: status.PERMISSION_DENIED,
      details: 'Received HTTP status code 403',
      metadata: undefined,
      grpcHeaders: false,
    };
    bench.answer = () => {
      throw new GatewayError('UPSTREAM_ERROR', 'refused', { cause: classify('tenant', end) });
    };
    bench.use('a');
    await bench.tick();
    expect([await bench.value('rejected'), await bench.value('flushFailures')]).toEqual([0, 1]);
  });

  it.each(['CIRCUIT_OPEN', 'OVERLOADED'] as const)('waits while the gateway itself says %s', async (code) => {
    const bench = new OutboxBench();
    bench.answer = () => {
      throw new GatewayError(code, 'not now');
    };
    bench.use('a');
    await bench.tick();
    expect([bench.outbox.pending, await bench.value('rejected'), await bench.value('flushFailures')]).toEqual([
      1, 0, 1,
    ]);
  });

  it('sends a batch item by item that is too large for a message', async () => {
    const bench = new OutboxBench();
    bench.answer = (records) => {
      if (records.length > 1) throw new GatewayError('PAYLOAD_TOO_LARGE', 'too large');
    };
    bench.use('a', 'b');
    await bench.tick();
    expect(bench.batches).toEqual([['a', 'b'], ['a'], ['b']]);
    expect(await bench.value('rejected')).toBe(0);
  });
});
