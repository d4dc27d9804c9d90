import { trimOws } from '../domain/header-text.js';

/** Longest prefix that is believed, in characters. */
const MAX_LENGTH = 256;
/** Plain segments, none of them `.` or `..`: what stands here begins links and redirects. */
const PREFIX = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/;

/**
 * Reads the path that a trusted proxy took off a request (X-Forwarded-Prefix). Of several the last one, which the nearest
 * proxy wrote: those before it may be the client's. Returns `/edge`, empty for none, or undefined for a missing value or
 * one that is not a plain path.
 */
export function forwardedPrefix(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = typeof header === 'string' ? header : header.join(',');
  const last = trimOws(text.slice(text.lastIndexOf(',') + 1)).replace(/\/$/, '');
  return last === '' || (last.length <= MAX_LENGTH && PREFIX.test(last)) ? last : undefined;
}
