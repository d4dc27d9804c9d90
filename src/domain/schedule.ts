/** Runs a callback after `ms`; the result cancels it. */
export type Schedule = (callback: () => void, ms: number) => () => void;

/** Runs a callback after a delay, with a timer that keeps the process alive. */
export const later: Schedule = (callback, ms) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

/** Runs a callback after a delay, with a timer that does not keep the process alive. */
export const laterUnlessEnded: Schedule = (callback, ms) => {
  const timer = setTimeout(callback, ms).unref();
  return () => clearTimeout(timer);
};
