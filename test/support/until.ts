import { vi } from 'vitest';

/** Longest wait for a state, in ms. Only a failing test waits that long: a busy machine may stand still for seconds. */
export const PATIENCE = { timeout: 30_000 };

/** Resolves to what `condition` returns as soon as that is truthy. */
export const until: typeof vi.waitUntil = (condition, options) =>
  vi.waitUntil(condition, typeof options === 'number' ? options : { ...PATIENCE, ...options });

/** Resolves to what `callback` returns as soon as it does not throw. */
export const untilPasses: typeof vi.waitFor = (callback, options) =>
  vi.waitFor(callback, typeof options === 'number' ? options : { ...PATIENCE, ...options });
