const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2000;

/**
 * Returns the delay before a connection attempt, in ms: doubles up to 2 s, with jitter over its upper half so that
 * instances do not reconnect in step.
 */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + random() / 2));
}
