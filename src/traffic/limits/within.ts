/**
 * What work comes to, or undefined when that takes longer than `ms`. An answer that lies in the socket already, because
 * this process was busy, is not late: the timer is followed by one look at the sockets.
 */
export function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => resolve(undefined)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
