import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { TraceContext } from '../domain/trace-context.js';
import { trimOws } from '../domain/header-text.js';

/** Version 00 is these 55 characters; a higher version may go on after a dash (W3C Trace Context 3.2, 4.3). */
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZERO_TRACE = '0'.repeat(32);
const ZERO_SPAN = '0'.repeat(16);
const SAMPLED = 1;
/** A key, with or without a tenant before its system (3.3.1.3.1), and up to 256 printable characters but comma and equals sign. */
const MEMBER =
  /^(?:[a-z0-9][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z0-9][a-z0-9_\-*/]{0,13})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const MAX_MEMBERS = 32;
/** Longest tracestate that every receiver has to pass on (3.3.1.5). */
const MAX_STATE = 512;
const POOL_BYTES = 4096;

let pool = Buffer.alloc(0);
let offset = 0;

/**
 * Continues the trace of a client in a span of this request's own, or begins one where the client's `traceparent` is
 * absent, malformed or repeated (W3C Trace Context). The sampled flag of a client counts only when `isTrusted`: anybody
 * else could have every request of theirs recorded. Flags that the standard does not define are cleared.
 */
export function traceContext(headers: IncomingHttpHeaders, isTrusted: boolean): TraceContext {
  const inbound = headers.traceparent;
  const match = typeof inbound === 'string' ? PARENT.exec(inbound) : null;
  const spanId = randomHex(8);
  if (match === null || !isValid(match)) return { traceparent: `00-${randomHex(16)}-${spanId}-00`, tracestate: '' };
  const isSampled = isTrusted && (Number.parseInt(match[4] ?? '', 16) & SAMPLED) !== 0;
  return {
    traceparent: `00-${match[2]}-${spanId}-${isSampled ? '01' : '00'}`,
    tracestate: tracestate(headers.tracestate),
  };
}

function isValid([, version, traceId, parentId, , more]: RegExpExecArray): boolean {
  if (version === 'ff' || traceId === ZERO_TRACE || parentId === ZERO_SPAN) return false;
  return version !== '00' || more === undefined;
}

/** Returns the members of all header lines in their order; empty when one is malformed or there are too many. */
function tracestate(value: string | string[] | undefined): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : value.join(',');
  const members = text
    .split(',', MAX_MEMBERS * 2)
    .map(trimOws)
    .filter(Boolean);
  if (members.length > MAX_MEMBERS || !members.every((member) => MEMBER.test(member))) return '';
  while (lengthOf(members) > MAX_STATE) members.pop();
  return members.join(',');
}

/** With the commas between them. */
function lengthOf(members: readonly string[]): number {
  return members.reduce((sum, { length }) => sum + length + 1, -1);
}

/** Draws random hex from a pool: one call to the generator serves many requests. */
function randomHex(bytes: number): string {
  if (offset + bytes > pool.length) {
    pool = randomBytes(POOL_BYTES);
    offset = 0;
  }
  offset += bytes;
  return pool.toString('hex', offset - bytes, offset);
}
