import { getHeapStatistics } from 'node:v8';
import type { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';

/** A body exists as bytes, text, objects and message until its call is sent: several times its size. */
const SHARE_OF_HEAP = 1 / 8;
const RETRY_AFTER_SECONDS = 1;

/** Shared by all requests. The rest of the body is not read, so the connection must be closed. */
const NO_ROOM = new GatewayError(
  'OVERLOADED',
  'service unavailable: the bodies of other requests take the memory of the gateway.',
  { retryAfterSeconds: RETRY_AFTER_SECONDS, headers: { connection: 'close' } },
);

/** Returns the default memory for bodies, by the heap limit of this process, in bytes. */
export function defaultBodyMemory(heapLimit = getHeapStatistics().heap_size_limit): number {
  return Math.floor(heapLimit * SHARE_OF_HEAP);
}

/**
 * Limits the bytes of all request bodies together, including those that are still being read. Bytes count as they arrive,
 * not as declared, until the request is over. A single body is always accepted, since its size has its own limit.
 */
export class BodyMemory {
  private bytes = 0;

  constructor(private readonly limitBytes: number) {}

  /** Returns the bytes that are held now. */
  get heldBytes(): number {
    return this.bytes;
  }

  /** Adds bytes of the body of a request, which must {@link release} them. Returns OVERLOADED if there is no room. */
  take(call: CallContext, bytes: number): GatewayError | undefined {
    const isAlone = this.bytes === call.bodyBytes;
    if (!isAlone && this.bytes + bytes > this.limitBytes) return NO_ROOM;
    this.bytes += bytes;
    call.bodyBytes += bytes;
    return undefined;
  }

  /** Releases the bytes of a request. Idempotent. */
  release(call: CallContext): void {
    this.bytes -= call.bodyBytes;
    call.bodyBytes = 0;
  }
}
