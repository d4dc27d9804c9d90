import { GatewayError } from '../../domain/errors.js';
import { Literal } from './literal.js';

const INITIAL_BYTES = 16 * 1024;
/** Memory that stays with a writer between calls; a larger answer gives its memory back. */
const KEPT_BYTES = 256 * 1024;
/** Largest JSON of one message. */
export const MAX_JSON_BYTES = 64 * 1024 * 1024;
/** Room behind the message and behind what was reserved: for words and varints that reach past an end, and brackets. */
const SLACK = 64;

/** Thrown, and nothing else, when a message is not in the plain shape that the fast path knows. */
export const NOT_PLAIN = new Error('not in plain wire order');

/** Working memory of one writer: the message at the front, its JSON behind it, read and written through one view. */
export class Scratch {
  bytes: Buffer = Buffer.alloc(INITIAL_BYTES);
  view: DataView = viewOf(this.bytes);
  /** Next byte to read. */
  pos = 0;
  /** Next byte to write. */
  out = 0;
  /** Tag of the field being read. */
  tag = 0;
  /** First byte of the JSON. */
  start = 0;
  /** Where `out` must stay below. */
  limit = INITIAL_BYTES - SLACK;
  /** Words of the last 64-bit integer read. */
  low = 0;
  high = 0;
  /** The tenant that the message must belong to. */
  tenant = new Literal('');
  /** The same as a JSON string. */
  tenantJson = new Literal('');
  checksTenant = false;
  /** Where the keys of the open maps were written: start and end, innermost map last. */
  spans = new Int32Array(64);
  /** How much of `spans` is in use. */
  spanCount = 0;
  private tenantId = '';

  /** Copies a message in; the JSON is written behind it. */
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

  /** A copy of the JSON from `from` to `to`; releases memory beyond the usual. */
  take(from: number, to: number): Buffer {
    const json = Buffer.allocUnsafe(to - from);
    this.bytes.copy(json, 0, from, to);
    if (this.bytes.length > KEPT_BYTES) this.allocate(INITIAL_BYTES);
    return json;
  }

  /** Makes room for `count` more bytes of JSON. Throws GatewayError UPSTREAM_ERROR above the limit. */
  grow(count: number): void {
    const end = this.start + MAX_JSON_BYTES;
    const needed = this.out + count;
    if (needed > end) throw tooLarge();
    const before = this.bytes;
    this.allocate(Math.min(Math.max(needed, before.length * 2), end) + SLACK);
    this.bytes.set(before.subarray(0, this.out), 0);
  }

  /** Notes where a key was written. */
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

/** Makes sure that `count` bytes can be written, and a few more. */
export function reserve(w: Scratch, count: number): void {
  if (w.out + count > w.limit) w.grow(count);
}

/** The answer of a service that is larger than the gateway passes on. */
export function tooLarge(): GatewayError {
  return new GatewayError('UPSTREAM_ERROR', 'The service sent a response that is too large.');
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
