import type { ServerResponse } from 'node:http';
import type { CallContext } from '../domain/call-context.js';

/** Time that a client has to read the end of a response that failed, in ms. */
const LAST_WORDS_MS = 1_000;

/** Closes the connection of a failed response when its client has not read the rest of it within a second. */
export function closeUnlessTaken(call: CallContext, response: ServerResponse): void {
  setTimeout(() => {
    if (response.writableFinished || response.destroyed) return;
    call.abortedByGateway = true;
    response.destroy();
  }, LAST_WORDS_MS).unref();
}
