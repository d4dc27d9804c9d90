import { abortError, timeoutError } from '../../grpc/status.js';
import type { StackCall } from '../call.js';

/** The shared call has its own deadline, and its error says more, so it is awaited this much longer. */
const GRACE_MS = 20;

/** Waits for shared work no longer than this call may: until its deadline, or until its client leaves. */
export function withinOwnTime<T>(call: StackCall, deadlineAt: number, work: Promise<T>): Promise<T> {
  const { signal, method } = call;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const giveUp = () => reject(abortError(method.upstream, signal));
  const timeOut = () => reject(timeoutError(method.upstream, 'the shared call took longer', true));
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp);
  const timer = setTimeout(timeOut, Math.max(deadlineAt - performance.now(), 0) + GRACE_MS);
  work.then(resolve, reject);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  });
}
