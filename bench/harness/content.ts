import { isDeepStrictEqual } from 'node:util';
import { expected } from '../fixtures.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const TIMESTAMP_KEYS = new Set(['createTime', 'updateTime']);
const REDACTED = 'passwordHash';

function toMilliseconds(time: Json): Json {
  if (typeof time === 'string') return Date.parse(time);
  if (time === null || typeof time !== 'object' || Array.isArray(time)) return time;
  const { seconds, nanos } = time as { readonly [key: string]: Json };
  return Number(seconds) * 1000 + Number(nanos) / 1e6;
}

/**
 * Normalizes a JSON response: proto-loader leaves a timestamp as seconds and nanos,
 * and the gateway alone takes out the field that must never leave.
 */
export function normalise(value: Json, key = ''): Json {
  if (TIMESTAMP_KEYS.has(key)) return toMilliseconds(value);
  if (Array.isArray(value)) return value.map((item: Json) => normalise(item));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([name]) => name !== REDACTED);
  return Object.fromEntries(entries.map(([name, item]) => [name, normalise(item as Json, name)]));
}

/** Returns true if a response has the content that the upstream sent. */
export function saysWhatUpstreamSent(body: string, content: 'user' | 'list'): boolean {
  return isDeepStrictEqual(normalise(JSON.parse(body) as Json), normalise(expected[content] as Json));
}
