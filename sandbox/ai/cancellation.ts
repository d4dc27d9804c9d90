import type { EventEmitter } from 'node:events';

/** Runs work that stops when the caller of `call` goes away; what it throws because of that is nobody's concern. */
export async function untilCancelled(call: EventEmitter, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  call.once('cancelled', leave);
  try {
    await work(gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    call.off('cancelled', leave);
  }
}
