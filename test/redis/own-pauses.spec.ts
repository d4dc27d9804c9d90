import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LONGEST_BLOCK_MS } from '../../src/redis/connection-options.js';
import { block } from '../support/block.js';
import { TestRedis } from '../support/redis.js';
import { connectTo, type RedisUser } from '../support/redis-user.js';
import { until } from '../support/until.js';

/** From a garbage collection to longer than any timer of a connection. */
const PAUSES_MS = [60, 200, 500, 1200, 2500];

let server: TestRedis;
let user: RedisUser;

beforeAll(async () => {
  server = await TestRedis.start();
});
afterAll(() => server.close());
beforeEach(async () => {
  user = await connectTo(server.url, { GATEWAY_REDIS_COMMAND_TIMEOUT: '50ms' });
  await until(() => user.redis.up);
});
afterEach(() => user.close());

const ping = (of: RedisUser) => of.redis.run((redis) => redis.ping());

describe.each(PAUSES_MS)('a pause of this process of %d ms', (ms) => {
  it('while commands are under way costs none of them, and nobody is alarmed', async () => {
    const commands = Array.from({ length: 20 }, () => ping(user));
    block(ms);
    expect(await Promise.all(commands)).toEqual(Array(20).fill('PONG'));
    expect([user.redis.up, user.told]).toEqual([true, []]);
  });

  it('while the health of Redis is looked at is not taken for an outage', async () => {
    const look = user.redis.check();
    block(ms);
    expect(await look).toBeUndefined();
    expect([user.redis.up, user.told]).toEqual([true, []]);
  });

  it('at any turn of a start is not taken for an absent Redis', async () => {
    for (let before = 0; before < 6; before++) {
      const starting = connectTo(server.url, { GATEWAY_REDIS_COMMAND_TIMEOUT: '50ms' });
      for (let turns = 0; turns < before; turns++) await turn();
      block(ms / 6);
      const started = await starting;
      await expect.poll(() => started.redis.up).toBe(true);
      expect([await ping(started), started.told]).toEqual(['PONG', []]);
      started.close();
    }
  });

  it('while a blocking command waits keeps its connection', async () => {
    const connection = await user.redis.openBlocking();
    const answer = connection.xread('COUNT', 1, 'BLOCK', LONGEST_BLOCK_MS, 'STREAMS', 'no-stream', '$');
    await turn();
    block(ms);
    expect(await answer).toBeNull();
    expect(await connection.ping()).toBe('PONG');
    connection.disconnect();
  });
});

it('pauses that follow each other, with one turn of the loop between, cost no command', async () => {
  const commands = Promise.all(Array.from({ length: 20 }, () => ping(user)));
  for (let pauses = 0; pauses < 5; pauses++) {
    await turn();
    block(100);
  }
  expect(await commands).toEqual(Array(20).fill('PONG'));
  expect(user.told).toEqual([]);
});

describe('one failure alone', () => {
  it('a connection that is closed and comes back alarms nobody', async () => {
    await server.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await expect.poll(() => ping(user).catch(() => undefined)).toBe('PONG');
    expect(user.told).toEqual([]);
  });

  it('a Redis that stays away is told, once', async () => {
    await server.kill();
    await expect.poll(() => user.told).toEqual(['redis connection degraded']);
    await server.restart();
    await expect.poll(() => user.told).toEqual(['redis connection degraded', 'redis connection recovered']);
  });
});
