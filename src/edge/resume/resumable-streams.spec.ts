import { describe, expect, it } from 'vitest';
import { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import { NO_TRACE } from '../../domain/trace-context.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { ResumableStream, type StreamReader } from './resumable-stream.js';
import { ResumableStreams } from './resumable-streams.js';

const POLICY = { keepMs: 60_000, maxMessages: 100, maxBytes: 1_000_000_000 };
const OWNER = { caller: 'alice', request: 'r' };

const open = () => new ResumableStreams(new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 }));

function streamOf(streams: ResumableStreams, id: string, caller = 'alice'): ResumableStream {
  const context = new CallContext(id, NO_TRACE, 0, Infinity);
  const stream = new ResumableStream(id, { ...OWNER, caller }, context, {
    policy: POLICY,
    onGone: () => streams.forget(id),
    onSize: (difference) => streams.resize(difference),
  });
  streams.add(stream);
  return stream;
}

function reader(ended: unknown[] = []): StreamReader {
  return { end: (reason) => ended.push(reason), unwatch: () => ended.push('unwatched') };
}

describe('the streams that clients may come back to', () => {
  it('are as many for one caller as the limit says: the oldest that nobody reads goes', () => {
    const streams = open();
    const own = Array.from({ length: 17 }, (_, n) => {
      const stream = streamOf(streams, `s${n}`);
      if (n === 0) stream.attach(reader(), 0);
      return stream;
    });
    const other = streamOf(streams, 'other', 'bob');
    expect(own.map(({ log }) => log.isOver)).toEqual(own.map((_, n) => n === 1));
    expect([own[1]!.context.cancellation.aborted, other.log.isOver]).toEqual([true, false]);
    expect(() => streams.find('s1', OWNER)).toThrow('not kept any more');
  });

  it('are within a number of bytes: those that nobody reads go, or else what was sent', async () => {
    const streams = open();
    const [idle, read] = [streamOf(streams, 'idle'), streamOf(streams, 'read')];
    read.attach(reader(), 0);
    const large = Buffer.alloc(40 * 1024 * 1024);
    await read.log.append(large);
    await read.log.append(large);
    expect([idle.log.isOver, read.log.isOver, read.log.last]).toEqual([true, false, 2]);
    read.log.markSent(2);
    await read.log.append(large);
    expect(read.log.reachesBackTo(1)).toBe(false);
    expect(read.log.reachesBackTo(2)).toBe(true);
  });

  it('end with the process', () => {
    const streams = open();
    const [away, read] = [streamOf(streams, 'away'), streamOf(streams, 'read')];
    const ended: unknown[] = [];
    const gone = reader(ended);
    away.attach(gone, 0);
    away.leave(gone);
    streams.beforeApplicationShutdown();
    expect([away, read].map(({ log, context }) => [log.isOver, context.cancellation.aborted])).toEqual([
      [true, true],
      [true, true],
    ]);
    expect(ended).toEqual(['unwatched']);
  });

  it('keep watching the credential of a client that is away, until another connection comes', () => {
    const stream = streamOf(open(), 's');
    const [first, second]: unknown[][] = [[], []];
    const [one, two] = [reader(first), reader(second)];
    stream.attach(one, 0);
    stream.leave(one);
    expect(first).toEqual([]);
    stream.attach(two, 0);
    stream.leave(one);
    expect([first, second, stream.isRead]).toEqual([['unwatched'], [], true]);
    stream.attach(reader(), 0);
    expect(second).toEqual([expect.any(GatewayError), 'unwatched']);
  });
});
