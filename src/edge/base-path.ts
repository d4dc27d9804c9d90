import { trimOws } from '../domain/header-text.js';

/** Maximum length of a prefix that is trusted, in characters. */
const MAX_LENGTH = 256;

/** Plain segments, none of them `.` or `..`, because links and redirects begin with them. */
const PREFIX = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/;

/** Returns the target without the base path; unchanged if a proxy has already removed the base path. */
export function withoutBase(url: string, basePath: string): string {
  if (!url.startsWith(basePath)) return url;
  const rest = url.slice(basePath.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : url;
}

/**
 * Reads the path that a trusted proxy removed from a request (X-Forwarded-Prefix). Of several values the last one
 * counts, which the nearest proxy wrote: those before it may come from the client. Returns `/edge`, empty for none, or
 * undefined for a missing value or one that is not a plain path.
 */
export function forwardedPrefix(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = typeof header === 'string' ? header : header.join(',');
  const last = trimOws(text.slice(text.lastIndexOf(',') + 1)).replace(/\/$/, '');
  return last === '' || (last.length <= MAX_LENGTH && PREFIX.test(last)) ? last : undefined;
}
