/** Runs a callback after `ms`; the result cancels it. */
export type Schedule = (callback: () => void, ms: number) => () => void;

/** Runs a callback by a timer of Node, for which the process stays alive. */
export const later: Schedule = (callback, ms) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

/** Runs a callback by a timer of Node that does not keep the process alive. */
export const laterUnlessEnded: Schedule = (callback, ms) => {
  const timer = setTimeout(callback, ms).unref();
  return () => clearTimeout(timer);
};
