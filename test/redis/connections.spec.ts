import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisUnavailable } from '../../src/redis/redis-error.js';
import { RedisScript } from '../../src/redis/redis-script.js';
import { TestRedis } from '../support/redis.js';
import { connectTo, type RedisUser } from '../support/redis-user.js';

let server: TestRedis;
let user: RedisUser;

beforeAll(async () => {
  server = await TestRedis.start();
});
afterAll(() => server.close());
beforeEach(async () => {
  server.thaw();
  await server.restart();
  user = await connectTo(server.url);
});
afterEach(() => user.close());

const count = () => user.redis.run((redis) => redis.incr('counter'));
const isUp = () => user.redis.up;

/** Returns the value of a command, or the reason why Redis was unavailable. */
async function outcome(command: Promise<unknown>): Promise<unknown> {
  return command.catch((error: unknown) => {
    if (error instanceof RedisUnavailable) return error.message;
    throw error;
  });
}

describe('commands', () => {
  it('reach Redis', async () => {
    expect([await count(), await count()]).toEqual([1, 2]);
  });

  it('that are our own mistake say so', async () => {
    const mistake = user.redis.run(() => Promise.reject(new TypeError('undefined is not a function')));
    await expect(mistake).rejects.toThrow(TypeError);
    expect(isUp()).toBe(true);
  });

  it('of a script run, also when the server has forgotten the script', async () => {
    const script = new RedisScript("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    const run = () => user.redis.run((redis) => script.run(redis, ['counter'], [5]));
    expect([await run(), await run()]).toEqual([5, 10]);
    await server.client.script('FLUSH');
    expect(await run()).toBe(15);
  });

  it('that Redis refuses one by one do not stop the others', async () => {
    await server.client.set('text', 'x');
    expect(await outcome(user.redis.run((redis) => redis.lpush('text', 'y')))).toBe('WRONGTYPE');
    expect(await count()).toBe(1);
    expect(user.told).toEqual([]);
  });
});

describe('a Redis', () => {
  it('that is killed is told once, and used again once it is back', async () => {
    await count();
    await server.kill();
    for (let asked = 0; asked < 100; asked++) expect(await outcome(count())).toBeTypeOf('string');
    await expect.poll(() => user.told).toEqual(['redis connection degraded']);
    await server.restart();
    await expect.poll(isUp).toBe(true);
    expect(await count()).toBe(1);
    expect(user.told).toEqual(['redis connection degraded', 'redis connection recovered']);
  });

  it('that freezes costs those who ask at that moment one wait, and nobody after them', async () => {
    await count();
    server.freeze();
    const first = await Promise.all([1, 2, 3].map(() => outcome(count())));
    expect(first).toEqual(['command timed out', 'command timed out', 'command timed out']);
    for (let asked = 0; asked < 100; asked++) expect(await outcome(count())).toBe('command timed out');
    await expect.poll(() => user.told).toEqual(['redis connection degraded']);
    server.thaw();
    await expect.poll(isUp).toBe(true);
    // The three that were sent may have been carried out late, as may one more, sent while the first look was under way.
    // The others of the hundred were never sent.
    expect(await count()).toBeLessThanOrEqual(6);
  });

  it('that is slow once costs only those whose command was slow', async () => {
    await count();
    server.freeze();
    const slow = outcome(count());
    expect(await slow).toBe('command timed out');
    const next = count();
    server.thaw();
    expect(await next).toBeGreaterThan(1);
    expect([isUp(), user.told]).toEqual([true, []]);
  });

  it('that is not there yet keeps nobody from starting', async () => {
    await server.kill();
    const early = await connectTo(server.url);
    expect(await outcome(early.redis.run((redis) => redis.ping()))).toBe('connection refused');
    await server.restart();
    await expect.poll(() => early.redis.up).toBe(true);
    early.close();
  });

  it('that is frozen at the start keeps nobody from starting either', async () => {
    server.freeze();
    const early = await connectTo(server.url);
    expect(early.redis.up).toBe(false);
    server.thaw();
    await expect.poll(() => early.redis.up).toBe(true);
    early.close();
  });

  it('that becomes a replica takes no writes, and is left alone until it does', async () => {
    await server.client.replicaof('127.0.0.1', '1');
    expect(await outcome(count())).toBe('READONLY');
    await expect.poll(() => user.told).toEqual(['redis connection degraded']);
    expect(isUp()).toBe(false);
    await server.client.replicaof('NO', 'ONE');
    await expect.poll(isUp).toBe(true);
    expect(await count()).toBe(1);
  });

  it('whose memory is full is still read, and shows on the health check', async () => {
    await count();
    await server.client.config('SET', 'maxmemory', '1');
    expect(await outcome(count())).toBe('OOM');
    expect(await user.redis.run((redis) => redis.get('counter'))).toBe('1');
    expect(await user.redis.check()).toBe('OOM');
    expect(user.told).toEqual(['redis connection degraded']);
    await server.client.config('SET', 'maxmemory', '0');
    expect(await user.redis.check()).toBeUndefined();
    expect(user.told).toEqual(['redis connection degraded', 'redis connection recovered']);
  });
});

describe('an eviction policy', () => {
  const warnings = (lines: readonly string[]) => lines.filter((line) => line.includes('redis_eviction_policy_unsafe'));

  it('that may throw out revoked tokens is warned of, and another is not', async () => {
    expect(warnings(user.lines)).toEqual([]);
    await server.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const other = await connectTo(server.url);
    await expect.poll(() => warnings(other.lines)).toHaveLength(1);
    other.close();
  });
});

it('an eviction policy is looked at again when Redis comes back', async () => {
  const warnings = () => user.lines.filter((line) => line.includes('redis_eviction_policy_unsafe'));
  expect(warnings()).toEqual([]);
  await server.restart('--maxmemory-policy', 'allkeys-lru');
  await expect.poll(warnings).toHaveLength(1);
});

describe('a password', () => {
  const withPassword = (password: string) => server.url.replace('//', `//:${password}@`);

  it('is used, and a wrong one is told without being printed', async () => {
    await server.client.config('SET', 'requirepass', 'hunter2');
    const right = await connectTo(withPassword('hunter2'));
    expect(await right.redis.run((redis) => redis.ping())).toBe('PONG');
    const wrong = await connectTo(withPassword('hunter3'));
    expect(await outcome(wrong.redis.run((redis) => redis.ping()))).toBe('WRONGPASS');
    expect([...right.lines, ...wrong.lines].join('')).not.toMatch(/hunter/);
    right.close();
    wrong.close();
  });
});
