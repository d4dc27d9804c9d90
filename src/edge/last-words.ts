import type { ServerResponse } from 'node:http';
import type { CallContext } from '../domain/call-context.js';

/** Time that a client has to take the end of a response that failed, in ms. */
const LAST_WORDS_MS = 1_000;

/** Closes the connection of a response that failed when its client has not taken the rest of it in a second. */
export function closeUnlessTaken(call: CallContext, response: ServerResponse): void {
  setTimeout(() => {
    if (response.writableFinished || response.destroyed) return;
    call.abortedByGateway = true;
    response.destroy();
  }, LAST_WORDS_MS).unref();
}
