/** Returns a time in ms. */
export type Clock = () => number;

/**
 * Returns a clock for idle times that never goes back. While the wall clock is behind its earlier time, the clock
 * follows the monotonic clock, and nothing expires when the wall clock is right again. A step forward counts as elapsed
 * time, since a suspended machine sees one too.
 * @param wall returns Unix ms.
 * @param monotonic returns ms from any origin.
 */
export function steadyClock(wall: Clock = () => Date.now(), monotonic: Clock = () => performance.now()): Clock {
  let time = -Infinity;
  let last = monotonic();
  return () => {
    const at = monotonic();
    time = Math.max(time + at - last, wall());
    last = at;
    return time;
  };
}
