import { constrainedMemory, availableMemory } from 'node:process';
import { z } from 'zod';
import { GatewayError } from '../../../domain/errors.js';
import { type AdminResponse, file } from '../admin-response.js';
import type { AdminCall } from '../admin-route.js';

/**
 * V8 holds a graph of the heap in addition to the heap, and output that the caller has not read yet is held as well.
 */
const MEMORY_FACTOR = 3;
const MAX_BYTES = 4 * 1_073_741_824;
const MIB = 1_048_576;

/** Parameters of `/debug/heapsnapshot`. */
export const snapshotQuery = z.strictObject({
  confirm: z.literal('1', {
    error: 'must be 1: a snapshot stops the gateway for seconds and contains data of requests, including tokens',
  }),
});

/** Streams a heap snapshot for DevTools. Throws OVERLOADED while it would not fit into memory. */
export async function takeHeapSnapshot({ main, caller, requestId, signal }: AdminCall): Promise<AdminResponse> {
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
    `A snapshot of ${mib(heapUsed)} of heap needs about ${mib(heapUsed * MEMORY_FACTOR)}, but ${mib(available)}${of} are left: /debug/pprof/heap needs very little.`,
  );
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

/** Queue of chunks from V8, which does not wait for the reader: the memory check has accounted for all of them. */
class ChunkQueue implements AsyncIterable<Buffer> {
  private readonly chunks: Buffer[] = [];
  private isEnded = false;
  private error: Error | undefined;
  private wake: () => void = () => undefined;

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.wake();
  }

  /**
   * Ends the queue.
   * @param error reason why the rest is missing.
   */
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
