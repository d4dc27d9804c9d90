import { randomFillSync } from 'node:crypto';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const RANDOM_BYTES = 10;
/** Random bytes are drawn in bulk, because one call per id would cost more than the rest of its generation. */
const pool = new Uint8Array(RANDOM_BYTES * 400);
let next = pool.length;

/**
 * Makes a UUID of version 7 (RFC 9562 section 5.7): 48 bits of Unix time in milliseconds, then 74 random bits.
 * `randomUUIDv7` of node:crypto came with Node 24.16; this runs on every version that `engines` names.
 */
export function uuidV7(now = Date.now()): string {
  const at = takeRandomBytes();
  const time = now.toString(16).padStart(12, '0');
  const version = (byteAt(at) & 0x0f) | 0x70;
  const variant = (byteAt(at + 2) & 0x3f) | 0x80;
  return `${time.slice(0, 8)}-${time.slice(8)}-${HEX[version]}${hex(at + 1)}-${HEX[variant]}${hex(at + 3)}-${node(at + 4)}`;
}

/** Returns the position of ten unused bytes of the pool. */
function takeRandomBytes(): number {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  next += RANDOM_BYTES;
  return next - RANDOM_BYTES;
}

function node(at: number): string {
  return `${hex(at)}${hex(at + 1)}${hex(at + 2)}${hex(at + 3)}${hex(at + 4)}${hex(at + 5)}`;
}

function hex(at: number): string | undefined {
  return HEX[byteAt(at)];
}

function byteAt(at: number): number {
  return pool[at] ?? 0;
}
