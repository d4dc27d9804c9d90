/** Where times come from, in ms. */
export type Clock = () => number;

/**
 * Returns a clock for idle times that never goes back. While the wall clock is behind what it has said before, time goes
 * on as the monotonic clock does, and nothing ends when the wall clock is right again. A step forward counts as time that
 * has passed, since a machine that was suspended sees one too.
 * @param wall Unix ms.
 * @param monotonic ms from any beginning.
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
