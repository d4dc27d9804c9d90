import type { IncomingHttpHeaders } from 'node:http';
import type { TraceContext } from '../domain/trace-context.js';
import { trimOws } from '../domain/header-text.js';
import { HexSource } from '../domain/hex-source.js';

/**
 * Version 00 has exactly these 55 characters; a higher version may continue after a dash (W3C Trace Context 3.2, 4.3).
 */
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZERO_TRACE = '0'.repeat(32);
const ZERO_SPAN = '0'.repeat(16);
const SAMPLED = 1;
/**
 * A key, with or without a tenant before its system (3.3.1.3.1), and a value of up to 256 printable characters except
 * comma and equals sign.
 */
const MEMBER =
  /^(?:[a-z0-9][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z0-9][a-z0-9_\-*/]{0,13})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const MAX_MEMBERS = 32;
/** Maximum length of a tracestate that every receiver has to pass on (3.3.1.5). */
const MAX_STATE = 512;

/** Source of ids, and the sampling decision. */
export interface TraceSources {
  readonly ids: HexSource;
  /** Decides by 14 or more random hexadecimal digits. */
  isSampled(digits: string): boolean;
}

/** Samples only traces that a trusted proxy has already sampled. */
const UNSAMPLED: TraceSources = { ids: new HexSource(), isSampled: () => false };

/**
 * Continues the trace of a client in a new span, or begins one where the client's `traceparent` is absent, malformed or
 * repeated (W3C Trace Context). The sampled flag of a client counts only when `isTrusted`: otherwise anybody could have
 * all of their requests recorded, by the flag or by a trace id that is known to be sampled. Other requests are sampled
 * by the id of this request's own span. Flags that the standard does not define are cleared.
 */
export function traceContext(
  headers: IncomingHttpHeaders,
  isTrusted: boolean,
  sources: TraceSources = UNSAMPLED,
): TraceContext {
  const inbound = headers.traceparent;
  const match = typeof inbound === 'string' ? PARENT.exec(inbound) : null;
  const spanId = sources.ids.draw(8);
  if (match === null || !isValid(match)) {
    const traceId = sources.ids.draw(16);
    return { traceparent: compose(traceId, spanId, sources.isSampled(traceId)), tracestate: '' };
  }
  const [, , traceId = '', parentSpanId = '', flags = ''] = match;
  const sampled = isTrusted ? (Number.parseInt(flags, 16) & SAMPLED) !== 0 : sources.isSampled(spanId);
  return { traceparent: compose(traceId, spanId, sampled), tracestate: tracestate(headers.tracestate), parentSpanId };
}

function compose(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
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

/** Returns the length of the members, including the commas between them. */
function lengthOf(members: readonly string[]): number {
  return members.reduce((sum, { length }) => sum + length + 1, -1);
}
