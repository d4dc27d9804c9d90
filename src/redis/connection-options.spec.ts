import { expect, it } from 'vitest';
import { retryDelay } from './connection-options.js';

const attempts = Array.from({ length: 100 }, (_, attempt) => attempt);

it('attempts to connect become rarer, down to one in two seconds, and are spread', () => {
  const longest = attempts.map((attempt) => retryDelay(attempt, () => 1));
  expect(longest.slice(0, 7)).toEqual([50, 100, 200, 400, 800, 1600, 2000]);
  expect(Math.max(...longest)).toBe(2000);
  const shortest = attempts.map((attempt) => retryDelay(attempt, () => 0));
  expect(shortest).toEqual(longest.map((delay) => delay / 2));
});
