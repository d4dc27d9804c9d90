import { describe, expect, it } from 'vitest';
import { type RedisAddress, redisUrl } from './schema/redis-settings.js';
import { Refusal } from './setting.js';

const PLAIN: RedisAddress = {
  host: 'localhost',
  port: 6379,
  database: 0,
  username: undefined,
  password: undefined,
  tls: false,
};

describe('the URL of Redis', () => {
  it.each<[string, Partial<RedisAddress>]>([
    ['redis://localhost:6379/0', {}],
    ['redis://localhost', {}],
    ['redis://localhost/', {}],
    ['redis://:hunter2@localhost:6379/0', { password: 'hunter2' }],
    [
      'redis://gateway:p%40ss%2Fw@localhost:6380/15',
      { username: 'gateway', password: 'p@ss/w', port: 6380, database: 15 },
    ],
    ['rediss://redis.example.com:6379', { host: 'redis.example.com', tls: true }],
    ['redis://[::1]:6379', { host: '::1' }],
  ])('%s', (raw, expected) => {
    expect(redisUrl.parse(raw)).toEqual({ ...PLAIN, ...expected });
  });

  it.each([
    ['localhost:6379', 'scheme'],
    ['http://:hunter2@localhost', 'scheme'],
    ['redis:///0', 'host'],
    ['redis://:hunter2@', 'read'],
    ['redis://:hunter2#1@localhost', 'read'],
    ['redis://:hunter2?@localhost', 'read'],
    ['redis://:hunter2%@localhost', 'percent-encoded'],
    ['redis://:hunter2@localhost/prod', 'database'],
    ['redis://:hunter2@localhost:99999', 'read'],
    ['redis://:hunter2@localhost?db=1', '?'],
    ['"redis://:hunter2@localhost"', 'quote'],
    [' redis://:hunter2@localhost', 'white space'],
  ])('%s is refused, for its %s, in words that do not quote it', (raw, word) => {
    const refusal = refusalOf(raw);
    expect(refusal.message).toContain(word);
    expect(refusal.hint).not.toBe('');
    expect(refusal.message + refusal.hint).not.toContain('hunter2');
  });
});

function refusalOf(raw: string): Refusal {
  try {
    redisUrl.parse(raw);
  } catch (error) {
    if (error instanceof Refusal) return error;
  }
  throw new Error(`${raw} was not refused`);
}
