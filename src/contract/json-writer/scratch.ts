import { GatewayError } from '../../domain/errors.js';
import { Literal } from './literal.js';

const INITIAL_BYTES = 16 * 1024;
/** Memory that a writer keeps between calls, in bytes; a larger response releases its memory. */
const KEPT_BYTES = 256 * 1024;
/** Maximum size of the JSON of one message, in bytes. */
export const MAX_JSON_BYTES = 64 * 1024 * 1024;
/**
 * Bytes reserved behind the message and behind reserved space: for brackets, and for words and varints that cross an
 * end.
 */
const SLACK = 64;

/** The only error thrown for a message that is not in the plain form of the fast path. */
export const NOT_PLAIN = new Error('not in plain wire order');

/** Working memory of one writer: the message at the front, its JSON behind it, accessed through one view. */
export class Scratch {
  bytes: Buffer = Buffer.alloc(INITIAL_BYTES);
  view: DataView = viewOf(this.bytes);
  /** Position of the next byte to read. */
  pos = 0;
  /** Position of the next byte to write. */
  out = 0;
  /** Tag of the field being read. */
  tag = 0;
  /** First byte of the JSON. */
  start = 0;
  /** Position that `out` must stay below. */
  limit = INITIAL_BYTES - SLACK;
  /** Words of the 64-bit integer that was read last. */
  low = 0;
  high = 0;
  /** The tenant to which the message must belong. */
  tenant = new Literal('');
  /** The same as a JSON string. */
  tenantJson = new Literal('');
  checksTenant = false;
  /** Positions of the keys of the open maps: start and end, innermost map last. */
  spans = new Int32Array(64);
  /** Number of entries of `spans` in use. */
  spanCount = 0;
  private tenantId = '';

  /** Copies a message into the buffer; the JSON is written behind it. */
  load(message: Uint8Array, tenantId: string): void {
    const needed = message.length * 3 + SLACK * 2;
    if (needed > this.bytes.length) this.allocate(needed);
    this.bytes.set(message, 0);
    this.pos = 0;
    this.start = message.length + SLACK;
    this.out = this.start;
    this.spanCount = 0;
    this.checksTenant = tenantId !== '';
    if (tenantId !== this.tenantId) {
      this.tenantId = tenantId;
      this.tenant = new Literal(tenantId);
      this.tenantJson = new Literal(JSON.stringify(tenantId));
    }
  }

  /** Returns a copy of the JSON from `from` to `to`; releases memory beyond the usual size. */
  take(from: number, to: number): Buffer {
    const json = Buffer.allocUnsafe(to - from);
    this.bytes.copy(json, 0, from, to);
    if (this.bytes.length > KEPT_BYTES) this.allocate(INITIAL_BYTES);
    return json;
  }

  /** Ensures space for `count` more bytes of JSON. Throws GatewayError UPSTREAM_ERROR above the limit. */
  grow(count: number): void {
    const end = this.start + MAX_JSON_BYTES;
    const needed = this.out + count;
    if (needed > end) throw tooLarge();
    const before = this.bytes;
    this.allocate(Math.min(Math.max(needed, before.length * 2), end) + SLACK);
    this.bytes.set(before.subarray(0, this.out), 0);
  }

  /** Records the position of a key. */
  pushSpan(start: number): void {
    if (this.spanCount + 2 > this.spans.length) {
      const spans = new Int32Array(this.spans.length * 2);
      spans.set(this.spans);
      this.spans = spans;
    }
    this.spans[this.spanCount] = start;
    this.spans[this.spanCount + 1] = this.out;
    this.spanCount += 2;
  }

  private allocate(size: number): void {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.view = viewOf(this.bytes);
    this.limit = size - SLACK;
  }
}

/** Ensures that `count` bytes, and a few more, can be written. */
export function reserve(w: Scratch, count: number): void {
  if (w.out + count > w.limit) w.grow(count);
}

/** Returns the error for a response of a service that is larger than the maximum. */
export function tooLarge(): GatewayError {
  return new GatewayError('UPSTREAM_ERROR', 'The service sent a response that is too large.');
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
