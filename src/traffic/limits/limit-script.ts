import { RedisScript } from '../../redis/redis-script.js';

/**
 * Takes tokens from all buckets of a request atomically: either each bucket has enough, or nothing is taken. It uses the
 * clock of the Redis server, so that the clocks of the instances do not matter. A key holds the moment, in µs, at which
 * its bucket will be full again, and expires then: a full bucket takes no memory.
 *
 * ARGV, for each key: µs per token, capacity, tokens needed, maximum tokens to grant ahead, fraction of the remaining
 * tokens that may be granted ahead. Returns 1 or 0, then for each key: tokens granted ahead, tokens left, µs to wait.
 */
export const TAKE_TOKENS = new RedisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local fullAt, admitted, answer = {}, 1, {}
for i, key in ipairs(KEYS) do
  local at = i * 5 - 4
  local interval, capacity, need = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local empty = interval * capacity
  local kept = tonumber(redis.call('GET', key) or now) or now
  fullAt[i] = math.max(now, math.min(kept, now + empty))
  local wait = fullAt[i] + need * interval - now - empty
  if wait >= 1 then admitted = 0 end
  answer[i * 3 + 1] = math.max(0, math.ceil(wait))
end
answer[1] = admitted
for i, key in ipairs(KEYS) do
  local at = i * 5 - 4
  local interval, capacity, need = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local left = capacity - (fullAt[i] - now) / interval
  local ahead = 0
  if admitted == 1 then
    left = left - need
    ahead = math.max(0, math.floor(math.min(tonumber(ARGV[at + 3]), left * tonumber(ARGV[at + 4]))))
    left = left - ahead
    if need + ahead > 0 then
      local full = fullAt[i] + (need + ahead) * interval
      redis.call('SET', key, string.format('%.2f', full), 'PX', math.ceil((full - now) / 1000) + 1)
    end
  end
  answer[i * 3 - 1] = ahead
  answer[i * 3] = math.max(0, math.floor(left + 0.001))
end
return answer
`);

/** Arguments of the script for each key. */
export interface ScriptDemand {
  readonly key: string;
  readonly intervalMs: number;
  readonly capacity: number;
  readonly need: number;
  readonly mostAhead: number;
  readonly partAhead: number;
}

/** Result of the script for each key. */
export interface ScriptGrant {
  readonly ahead: number;
  readonly left: number;
  readonly waitMs: number;
}

/** Returns ARGV of the script. */
export function scriptArguments(demands: readonly ScriptDemand[]): number[] {
  return demands.flatMap(({ intervalMs, capacity, need, mostAhead, partAhead }) => [
    intervalMs * 1000,
    capacity,
    need,
    mostAhead,
    partAhead,
  ]);
}

/** Result of the script for all keys. */
export interface ScriptResult {
  readonly admitted: boolean;
  /** In the order of the keys. */
  readonly grants: readonly ScriptGrant[];
}

/** Parses the result for `count` keys; returns undefined for anything else. */
export function readResult(answer: unknown, count: number): ScriptResult | undefined {
  const values = Array.isArray(answer) ? answer.map(Number) : [];
  if (values.length !== count * 3 + 1 || !values.every(Number.isSafeInteger)) return undefined;
  const grants = Array.from({ length: count }, (_, index): ScriptGrant => {
    const [ahead = 0, left = 0, wait = 0] = values.slice(index * 3 + 1);
    return { ahead, left, waitMs: wait / 1000 };
  });
  return { admitted: values[0] === 1, grants };
}
