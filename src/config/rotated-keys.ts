import type { ConfigProblem } from './config-error.js';
import type { Settings } from './schema.js';
import type { Known } from './upstreams.js';

/** Secrets that are rotated with an overlap: `<NAME>_PREVIOUS` holds the previous one. */
type RotatedKey = 'JWT_SECRET' | 'GATEWAY_SESSION_KEY' | 'GATEWAY_CACHE_KEY';

/** Rejects a previous secret without a current one, or equal to it. */
export function rotatedKeyProblems(
  settings: Known<Settings>,
  unreadable: ReadonlySet<string>,
  key: RotatedKey,
): ConfigProblem[] {
  const name = `${key}_PREVIOUS` as const;
  if (settings[name] === undefined || unreadable.has(key)) return [];
  if (settings[key] === undefined) {
    return [{ name, reason: `is set without ${key}`, hint: `set ${key} or remove it` }];
  }
  if (settings[key] !== settings[name]) return [];
  return [{ name, reason: `is the same as ${key}`, hint: 'set the previous one, or remove it' }];
}
