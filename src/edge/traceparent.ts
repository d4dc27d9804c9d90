import { randomBytes } from 'node:crypto';

const PARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/;
const ZERO_TRACE = '0'.repeat(32);
const POOL_BYTES = 4096;

let pool = Buffer.alloc(0);
let offset = 0;

/** Random hex from a pool: one call to the generator serves many requests. */
function randomHex(bytes: number): string {
  if (offset + bytes > pool.length) {
    pool = randomBytes(POOL_BYTES);
    offset = 0;
  }
  offset += bytes;
  return pool.toString('hex', offset - bytes, offset);
}

/** This request's own entry in the trace (W3C Trace Context): the inbound trace goes on when it is well formed, else one begins. */
export function traceparent(inbound: string | string[] | undefined): string {
  const match = typeof inbound === 'string' ? PARENT.exec(inbound) : null;
  const spanId = randomHex(8);
  if (match === null || match[1] === ZERO_TRACE) return `00-${randomHex(16)}-${spanId}-00`;
  return `00-${match[1]}-${spanId}-${match[2]}`;
}
