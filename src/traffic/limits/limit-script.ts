import { RedisScript } from '../../redis/redis-script.js';

/**
 * All buckets of a request at once: either each one has what is needed, or nothing is taken. The clock is the server's,
 * so that those of the instances do not matter. A key holds the moment, in µs, at which its bucket will be full again,
 * and ends with it: a bucket that is full takes no memory.
 *
 * ARGV, for each key: µs in which a token comes, capacity, tokens needed, the most to grant ahead, the part of what is
 * left that may be granted ahead. Answers 1 or 0, then for each key: granted ahead, tokens left, µs to wait.
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

/** Numbers that the script takes for each key. */
export interface ScriptDemand {
  readonly key: string;
  readonly intervalMs: number;
  readonly capacity: number;
  readonly need: number;
  readonly mostAhead: number;
  readonly partAhead: number;
}

/** What the script says of a key. */
export interface ScriptGrant {
  readonly ahead: number;
  readonly left: number;
  readonly waitMs: number;
}

/** ARGV of the script. */
export function scriptArguments(demands: readonly ScriptDemand[]): number[] {
  return demands.flatMap(({ intervalMs, capacity, need, mostAhead, partAhead }) => [
    intervalMs * 1000,
    capacity,
    need,
    mostAhead,
    partAhead,
  ]);
}

/** What the script answered. */
export interface ScriptAnswer {
  readonly admitted: boolean;
  /** In the order of the keys. */
  readonly grants: readonly ScriptGrant[];
}

/** Reads an answer about `count` keys; undefined for what is none. */
export function readAnswer(answer: unknown, count: number): ScriptAnswer | undefined {
  const values = Array.isArray(answer) ? answer.map(Number) : [];
  if (values.length !== count * 3 + 1 || !values.every(Number.isSafeInteger)) return undefined;
  const grants = Array.from({ length: count }, (_, index): ScriptGrant => {
    const [ahead = 0, left = 0, wait = 0] = values.slice(index * 3 + 1);
    return { ahead, left, waitMs: wait / 1000 };
  });
  return { admitted: values[0] === 1, grants };
}
