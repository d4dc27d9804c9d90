import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Pressure } from './admission.js';
import { PressureSensor } from './pressure-sensor.js';

const HELD_MS = 80;

/** Holds up the event loop. */
function hold(): void {
  const until = performance.now() + HELD_MS;
  while (performance.now() < until);
}

it('an event loop that is held up again and again is seen, and so are heap and memory', async () => {
  const sensor = new PressureSensor(HELD_MS * 6);
  let seen: Pressure | undefined;
  sensor.start((pressure) => (seen ??= pressure));
  while (seen === undefined) {
    hold();
    await nextTurn();
  }
  sensor.stop();
  expect(seen.eventLoopDelayMs).toBeGreaterThan(HELD_MS / 2);
  expect(seen.sinceLastMs).toBeGreaterThanOrEqual(HELD_MS * 6 - 1);
  expect(seen.heapPercent).toBeGreaterThan(0);
  expect(seen.heapPercent).toBeLessThan(100);
  expect(seen.memoryPercent).toBeGreaterThan(0);
  expect(seen.memoryPercent).toBeLessThan(100);
});
