import { getHeapStatistics } from 'node:v8';
import type { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';

/** A body is also text, objects and a message until its call has been sent: several times its bytes. */
const SHARE_OF_HEAP = 1 / 8;
const RETRY_AFTER_SECONDS = 1;

/** One for all requests. The rest of the body is not read, so the connection cannot go on. */
const NO_ROOM = new GatewayError(
  'OVERLOADED',
  'service unavailable: the bodies of other requests take the memory of the gateway.',
  { retryAfterSeconds: RETRY_AFTER_SECONDS, headers: { connection: 'close' } },
);

/** Returns the memory for bodies that is right for the heap of this process, in bytes. */
export function defaultBodyMemory(heapLimit = getHeapStatistics().heap_size_limit): number {
  return Math.floor(heapLimit * SHARE_OF_HEAP);
}

/**
 * Bytes of request bodies that are held at once, those included that are still being read. They are taken as they arrive: what
 * a client only declares takes no memory. A body is held until its request is over. One alone is always taken, whatever its
 * size: that has a limit of its own.
 */
export class BodyMemory {
  private bytes = 0;

  constructor(private readonly limitBytes: number) {}

  /** Bytes held at present. */
  get heldBytes(): number {
    return this.bytes;
  }

  /** Takes bytes of the body of a request, which must {@link release} them. Returns OVERLOADED when there is no room for them. */
  take(call: CallContext, bytes: number): GatewayError | undefined {
    const isAlone = this.bytes === call.bodyBytes;
    if (!isAlone && this.bytes + bytes > this.limitBytes) return NO_ROOM;
    this.bytes += bytes;
    call.bodyBytes += bytes;
    return undefined;
  }

  /** Gives back what a request holds. Idempotent. */
  release(call: CallContext): void {
    this.bytes -= call.bodyBytes;
    call.bodyBytes = 0;
  }
}
