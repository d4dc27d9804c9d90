import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { run } from '../../src/cli/program.js';
import { TestRedis } from '../support/redis.js';

let redis: TestRedis;

beforeAll(async () => {
  redis = await TestRedis.start();
});
afterAll(() => redis.close());
beforeEach(() => redis.restart());

async function clear(env: Readonly<Record<string, string>>) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const exitCode = await run(['cache', 'clear'], terminal, env);
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

it('"gateway cache clear" removes all cached answers, and neither revocations nor sessions nor limits', async () => {
  const cached = Array.from({ length: 3_000 }, (_, n) => [`cache:${n}`, 'answer']).flat();
  await redis.client.mset('cache:written:tenant:acme', '7', ...cached);
  await redis.client.zadd('revoked:tokens', 4_000_000_000, 'a token');
  await redis.client.mset('session:one', 's', 'limit:tenant:acme', '1', 'idempotency:one', 'i', 'auth:cache:one', 'a');
  const others = (await redis.client.keys('*')).filter((key) => !key.startsWith('cache:'));
  expect(await clear({ REDIS_URL: redis.url })).toEqual({ exitCode: 0, out: 'removed 3001 keys of cache:*', err: '' });
  expect((await redis.client.keys('*')).toSorted()).toEqual(others.toSorted());
  expect(await redis.client.zscore('revoked:tokens', 'a token')).toBe('4000000000');
  expect((await clear({ REDIS_URL: redis.url })).out).toBe('removed 0 keys of cache:*');
});

it('"gateway cache clear" says what is wrong without Redis, and no password', async () => {
  expect(await clear({})).toMatchObject({ exitCode: 78, err: expect.stringMatching(/^REDIS_URL is not set/) });
  expect(await clear({ REDIS_URL: 'localhost' })).toMatchObject({
    exitCode: 78,
    err: expect.stringMatching(/^REDIS_URL: /),
  });
  const wrong = redis.url.replace('//', '//someone:hunter2@');
  const refused = await clear({ REDIS_URL: wrong });
  expect(refused).toEqual({ exitCode: 69, out: '', err: 'Redis: WRONGPASS' });
  await redis.kill();
  expect(await clear({ REDIS_URL: wrong })).toEqual({ exitCode: 69, out: '', err: 'Redis: connection refused' });
});
