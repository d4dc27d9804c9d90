import { constrainedMemory, availableMemory } from 'node:process';
import { z } from 'zod';
import { GatewayError } from '../../../domain/errors.js';
import { type AdminAnswer, file } from '../admin-answer.js';
import type { AdminCall } from '../admin-route.js';

/** V8 holds a graph of the heap beside the heap, and what the caller has not taken yet is held, too. */
const MEMORY_FACTOR = 3;
const MAX_BYTES = 4 * 1_073_741_824;
const MIB = 1_048_576;

/** Parameters of `/debug/heapsnapshot`. */
export const snapshotQuery = z.strictObject({
  confirm: z.literal('1', {
    error: 'must be 1: a snapshot stops the gateway for seconds, and it holds the data of requests, tokens among them',
  }),
});

/** Streams a snapshot of the heap for DevTools. Throws OVERLOADED while it would not fit into memory. */
export async function takeHeapSnapshot({ main, caller, requestId, signal }: AdminCall): Promise<AdminAnswer> {
  const { inspection } = main;
  const chunks = new ChunkQueue();
  const begun = Promise.withResolvers<void>();
  const who = { profile: '/debug/heapsnapshot', caller, requestId };
  const work = inspection.slot.run(who, () =>
    inspection.ask(async (session) => {
      assertFits((await session.view('memory')).heapUsed);
      const gone = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => gone.reject(signal.reason as Error), { once: true });
      signal.throwIfAborted();
      const written = session.heapSnapshot((chunk) => chunks.push(chunk));
      begun.resolve();
      await Promise.race([written, gone.promise]);
    }),
  );
  work.then(
    () => chunks.end(),
    (error: Error) => {
      begun.reject(error);
      chunks.end(error);
    },
  );
  await begun.promise;
  return file('api-gateway.heapsnapshot', { chunks, maxBytes: MAX_BYTES });
}

function assertFits(heapUsed: number): void {
  const available = availableMemory();
  if (available >= heapUsed * MEMORY_FACTOR) return;
  const limit = constrainedMemory();
  const of = limit > 0 && limit < Number.MAX_SAFE_INTEGER ? ` of ${mib(limit)}` : '';
  throw new GatewayError(
    'OVERLOADED',
    `A snapshot of ${mib(heapUsed)} of heap needs about ${mib(heapUsed * MEMORY_FACTOR)}, but ${mib(available)}${of} are left: /debug/pprof/heap needs next to nothing.`,
  );
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

/** Pieces from V8, which does not wait for whoever takes them: the check of memory has counted them all. */
class ChunkQueue implements AsyncIterable<Buffer> {
  private readonly chunks: Buffer[] = [];
  private isEnded = false;
  private error: Error | undefined;
  private wake: () => void = () => undefined;

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.wake();
  }

  /** @param error why the rest does not come. */
  end(error?: Error): void {
    this.isEnded = true;
    this.error = error;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.error !== undefined) throw this.error;
      else if (this.isEnded) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
