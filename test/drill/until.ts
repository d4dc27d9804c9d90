import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 200;

/**
 * Waits until a probe gives something other than undefined or false, and returns it. A probe that throws is tried again.
 * @throws Error after `timeoutMs`, with what was waited for and what `explain` says.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 60_000, explain = () => '' }: { timeoutMs?: number; explain?: () => string } = {},
): Promise<T> {
  const giveUpAt = performance.now() + timeoutMs;
  let failure = '';
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      failure = ` (${String(error)})`;
    }
    if (performance.now() > giveUpAt)
      throw new Error(`not within ${timeoutMs / 1_000} s: ${what}${failure} ${explain()}`);
    await pause(POLL_MS);
  }
}
