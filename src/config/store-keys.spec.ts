import { expect, test } from 'vitest';
import { formatProblem } from './config-error.js';
import { inspectEnvironment } from './environment.js';
import type { Environment } from './variables.js';

const KEY = 'a cache key of more than 32 bytes, really';
const BASE: Environment = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
  REDIS_URL: 'redis://redis:6379/0',
};

test.each<[string, Environment, readonly string[]]>([
  ['there may be none', {}, []],
  ['one may take the place of another', { GATEWAY_CACHE_KEY: KEY, GATEWAY_CACHE_KEY_PREVIOUS: `${KEY} 2` }, []],
  [
    'one without Redis is idle',
    { REDIS_URL: undefined, GATEWAY_CACHE_KEY: KEY },
    ['GATEWAY_CACHE_KEY: has no effect without REDIS_URL; set REDIS_URL or remove it'],
  ],
  [
    'a previous one has a successor',
    { GATEWAY_CACHE_KEY_PREVIOUS: KEY },
    ['GATEWAY_CACHE_KEY_PREVIOUS: is set without GATEWAY_CACHE_KEY; set GATEWAY_CACHE_KEY or remove it'],
  ],
  [
    'a previous one is another one',
    { GATEWAY_CACHE_KEY: KEY, GATEWAY_CACHE_KEY_PREVIOUS: KEY },
    ['GATEWAY_CACHE_KEY_PREVIOUS: is the same as GATEWAY_CACHE_KEY; set the previous one, or remove it'],
  ],
])('of the keys of what is cached in Redis, %s', (_, changes, problems) => {
  expect(inspectEnvironment({ ...BASE, ...changes }).problems.map(formatProblem)).toEqual(problems);
});
