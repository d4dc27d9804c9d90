import { describe, expect, it } from 'vitest';
import type { AdminCall } from '../admin-route.js';
import { takeHeapSnapshot } from './heap-snapshot.js';
import { ProfileSlot } from './inspection.js';

/** A main thread whose heap has a size, and writes the pieces of a snapshot. */
function callOf(heapUsed: number, pieces: readonly string[] = [], signal = new AbortController().signal): AdminCall {
  const session = {
    view: () => Promise.resolve({ heapUsed }),
    heapSnapshot: async (take: (chunk: Buffer) => void) => {
      for (const piece of pieces) take(Buffer.from(piece));
    },
  };
  const inspection = {
    slot: new ProfileSlot(),
    ask: (questions: (of: typeof session) => Promise<unknown>) => questions(session),
  };
  return { main: { inspection }, caller: '127.0.0.1', requestId: 'id', signal } as unknown as AdminCall;
}

async function read({ body }: Awaited<ReturnType<typeof takeHeapSnapshot>>): Promise<string> {
  if (typeof body === 'string' || body instanceof Uint8Array) throw new Error('not a stream');
  let text = '';
  for await (const chunk of body.chunks) text += Buffer.from(chunk).toString();
  return text;
}

describe('a snapshot of the heap', () => {
  it('is streamed piece by piece, in order', async () => {
    const call = callOf(1, ['{"snapshot":', '{}', '}']);
    expect(await read(await takeHeapSnapshot(call))).toBe('{"snapshot":{}}');
    expect(await read(await takeHeapSnapshot(call))).toBe('{"snapshot":{}}');
  });

  it('is refused when it would not fit into memory, and the next caller gets the turn', async () => {
    const call = callOf(Number.MAX_SAFE_INTEGER);
    for (let n = 0; n < 2; n += 1) {
      await expect(takeHeapSnapshot(call)).rejects.toMatchObject({ code: 'OVERLOADED' });
    }
    await expect(takeHeapSnapshot(call)).rejects.toThrow(/needs about \d+ MiB, but \d+ MiB/);
  });

  it('is not begun for a caller that is gone', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(takeHeapSnapshot(callOf(1, ['x'], gone))).rejects.toThrow('gone');
  });
});
